import { z } from 'zod';
import { MoError } from '../core/problem.ts';
import { processId, type ProcessId } from '../core/worker.ts';
import { jsonColumn } from './columns.ts';
import type { Database } from './database.ts';
import type { RunNumber } from './run-number.ts';

/** The claim of an owner on a run. `holder` null: nobody executes it. */
type Lease = {
  epoch: number;
  holder: ProcessId | null;
  beatAt: number;
  expiresAt: number;
};

type LeaseClaim = {
  runId: string;
  holder: ProcessId;
  ttlMs: number;
  now: number;
  isAlive: (holder: ProcessId) => boolean;
};

export type LeaseTable = {
  /** The new epoch when the run is free, its holder is dead or has not beaten in time; null when somebody else holds it. */
  claimLease: (claim: LeaseClaim) => number | null;
  /** False when this epoch no longer holds the run: the owner has to stop. */
  beat: (beat: { runId: string; epoch: number; ttlMs: number; now: number }) => boolean;
  /** Does nothing when a later epoch holds it. */
  releaseLease: (runId: string, epoch: number) => void;
  leaseOf: (runId: string) => Lease;
};

export function leaseTable(database: Database, numberOf: RunNumber): LeaseTable {
  return {
    claimLease: (claim) =>
      database.transaction(() => {
        const run = numberOf(claim.runId);
        const lease = readLease(database, run);
        if (isHeld(lease, claim)) {
          reanchor(database, run, lease, claim);
          return null;
        }
        const epoch = lease.epoch + 1;
        database.run(
          `UPDATE lease SET epoch = @epoch, holder = @holder, beat_at = @now, expires_at = @expiresAt
           WHERE run = @run`,
          {
            run,
            epoch,
            holder: JSON.stringify(claim.holder),
            now: claim.now,
            expiresAt: claim.now + claim.ttlMs,
          },
        );
        return epoch;
      }),
    beat: ({ runId, epoch, ttlMs, now }) =>
      database.lightTransaction(() =>
        database.run(
          `UPDATE lease SET beat_at = @now, expires_at = @expiresAt
           WHERE run = @run AND epoch = @epoch AND holder IS NOT NULL`,
          { run: numberOf(runId), epoch, now, expiresAt: now + ttlMs },
        ),
      ) === 1,
    releaseLease: (runId, epoch) => {
      database.transaction(() =>
        database.run('UPDATE lease SET holder = NULL WHERE run = @run AND epoch = @epoch', {
          run: numberOf(runId),
          epoch,
        }),
      );
    },
    leaseOf: (runId) => readLease(database, numberOf(runId)),
  };
}

export function insertLease(database: Database, run: number, now: number): void {
  database.run(
    'INSERT INTO lease (run, epoch, holder, beat_at, expires_at) VALUES (@run, 0, NULL, @now, @now)',
    { run, now },
  );
}

/** Throws unless the epoch is the newest: a late owner writes nothing any more. */
export function checkEpoch(
  database: Database,
  owner: { runId: string; run: number; epoch: number },
): void {
  const { epoch: newest } = readLease(database, owner.run);
  if (newest === owner.epoch) return;
  throw new MoError({ code: 'fenced', runId: owner.runId, epoch: owner.epoch, newest });
}

/** Whether the process lives is asked first: no clock can keep the lease of a dead one. */
function isHeld(lease: Lease, { now, isAlive }: LeaseClaim): boolean {
  return lease.holder !== null && isAlive(lease.holder) && now < lease.expiresAt;
}

/** After the clock was set back, a live owner that hangs would hold the run until the old time comes round; from here it gets one more term. */
function reanchor(database: Database, run: number, lease: Lease, claim: LeaseClaim): void {
  if (lease.beatAt <= claim.now) return;
  database.run('UPDATE lease SET beat_at = @now, expires_at = @expiresAt WHERE run = @run', {
    run,
    now: claim.now,
    expiresAt: claim.now + claim.ttlMs,
  });
}

function readLease(database: Database, run: number): Lease {
  const lease = database.get(
    leaseRow,
    'SELECT epoch, holder, beat_at, expires_at FROM lease WHERE run = @run',
    { run },
  );
  if (lease !== null) return lease;
  const reason = `run ${run} has no lease`;
  throw new MoError({ code: 'store-corrupt', file: database.file, reason });
}

const leaseRow = z
  .object({
    epoch: z.number(),
    holder: jsonColumn(processId).nullable(),
    beat_at: z.number(),
    expires_at: z.number(),
  })
  .transform(({ epoch, holder, beat_at, expires_at }): Lease => ({
    epoch,
    holder,
    beatAt: beat_at,
    expiresAt: expires_at,
  }));
