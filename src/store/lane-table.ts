import { z } from 'zod';
import type { Lane } from '../core/routing.ts';
import type { Database } from './database.ts';

export type LaneTable = {
  /** Every lane that was ever closed; whether it still is, `closedUntil` says. */
  lanes: () => Lane[];
  /** For all runs of the project; the newest word counts. The event `lane.closed` does it by itself. */
  closeLane: (lane: Lane) => void;
};

export function laneTable(database: Database): LaneTable {
  return {
    lanes: () =>
      database.all(
        laneRow,
        'SELECT provider, profile, closed_until, reason FROM lane ORDER BY provider, profile',
      ),
    closeLane: (lane) => database.transaction(() => putLane(database, lane)),
  };
}

export function putLane(database: Database, lane: Lane): void {
  database.run(
    `INSERT INTO lane (provider, profile, closed_until, reason)
     VALUES (@provider, @profile, @closedUntil, @reason)
     ON CONFLICT (provider, profile) DO UPDATE
       SET closed_until = excluded.closed_until, reason = excluded.reason`,
    { ...lane, profile: lane.profile ?? '' },
  );
}

const laneRow = z
  .object({
    provider: z.string(),
    profile: z.string(),
    closed_until: z.number(),
    reason: z.string(),
  })
  .transform(({ provider, profile, closed_until, reason }): Lane => ({
    provider,
    profile: profile === '' ? null : profile,
    closedUntil: closed_until,
    reason,
  }));
