import type { Signal } from '../core/signal.ts';
import type { Checkpoint } from '../core/worker.ts';
import type { Clock } from '../platform/clock.ts';
import { appendEvents, type Append } from './append.ts';
import {
  attemptTable,
  putCheckpoint,
  type AttemptKey,
  type AttemptTable,
} from './attempt-table.ts';
import { createRun, type NewRun } from './create-run.ts';
import type { Database } from './database.ts';
import { eventTable, type EventTable } from './event-table.ts';
import { laneTable, type LaneTable } from './lane-table.ts';
import { checkEpoch, leaseTable, type LeaseTable } from './lease-table.ts';
import { versionOf } from './migrations.ts';
import { nodeTable, type NodeTable } from './node-table.ts';
import { openProjectDatabase } from './open-project-database.ts';
import { workspacePaths, type WorkspacePaths } from './paths.ts';
import { touchPulse, waitForPulse } from './pulse.ts';
import { receiptTable, type ReceiptTable } from './receipt-table.ts';
import { runNumbers } from './run-number.ts';
import { runTable, type RunTable } from './run-table.ts';
import { insertSignal, signalTable, type SignalTable } from './signal-table.ts';
import { spendTable, type SpendTable } from './spend-table.ts';
import { trackRecordReads, type TrackRecordReads } from './track-record.ts';
import { usageReads, type UsageReads } from './usage.ts';
import { hasDatabase, makeWorkspace } from './workspace.ts';

type Tables = RunTable &
  EventTable &
  NodeTable &
  AttemptTable &
  LeaseTable &
  SignalTable &
  LaneTable &
  SpendTable &
  TrackRecordReads &
  UsageReads &
  ReceiptTable;

/** All that is known of a project's runs. Every process has its own; whoever writes wakes those who wait. */
export type Store = Tables & {
  paths: WorkspacePaths;
  createRun: (wish: NewRun) => { runId: string; existed: boolean };
  append: (append: Append) => number[];
  /** Often and small: a power cut may lose the last ones. Refused as `fenced` like an event. */
  saveCheckpoint: (key: AttemptKey & { epoch: number }, checkpoint: Checkpoint) => void;
  /** Returns the number of the signal. Somebody has to see to it that the run has an owner. */
  sendSignal: (runId: string, signal: Signal) => number;
  /** See `pulse.ts`: may resolve early, so it belongs into a loop. */
  waitForPulse: (runId: string, wait: { signal: AbortSignal; timeoutMs: number }) => Promise<void>;
  /** Throws when a newer mo has changed the database since it was opened. */
  checkSchema: () => void;
  close: () => void;
};

/** Makes the workspace of a project where there is none. */
export async function openStore(projectRoot: string, deps: { clock: Clock }): Promise<Store> {
  const paths = workspacePaths(projectRoot);
  await makeWorkspace(paths);
  return storeOver(await openProjectDatabase(paths.database, deps.clock), paths, deps.clock);
}

/** For those who only look: null, and nothing made, where mo has never written. */
export async function openStoreIfAny(
  projectRoot: string,
  deps: { clock: Clock },
): Promise<Store | null> {
  return (await hasDatabase(workspacePaths(projectRoot))) ? openStore(projectRoot, deps) : null;
}

function storeOver(database: Database, paths: WorkspacePaths, clock: Clock): Store {
  const numberOf = runNumbers(database);
  const runs = runTable(database);
  const touch = (runId: string): void => touchPulse(paths.runFolder(runId));
  return {
    ...runs,
    ...eventTable(database, numberOf),
    ...nodeTable(database, numberOf),
    ...attemptTable(database, numberOf),
    ...leaseTable(database, numberOf),
    ...signalTable(database, numberOf),
    ...laneTable(database),
    ...spendTable(database),
    ...trackRecordReads(database),
    ...usageReads(database),
    ...receiptTable(database, numberOf),
    paths,
    createRun: (wish) => {
      const created = createRun(database, { ...wish, paths, now: clock.now() });
      touch(created.runId);
      return created;
    },
    append: (append) => {
      const seqs = appendEvents(database, { append, numberOf, runs });
      touch(append.runId);
      return seqs;
    },
    saveCheckpoint: ({ runId, epoch, node, attempt }, checkpoint) => {
      database.lightTransaction(() => {
        const run = numberOf(runId);
        checkEpoch(database, { runId, run, epoch });
        putCheckpoint(database, { run, node, attempt }, checkpoint);
      });
      touch(runId);
    },
    sendSignal: (runId, signal) => {
      const id = database.transaction(() =>
        insertSignal(database, { run: numberOf(runId), signal, at: clock.now() }),
      );
      touch(runId);
      return id;
    },
    waitForPulse: (runId, wait) => waitForPulse(paths.runFolder(runId), { ...wait, clock }),
    checkSchema: () => void versionOf(database),
    close: database.close,
  };
}
