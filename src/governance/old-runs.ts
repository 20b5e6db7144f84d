import { isOver } from '../core/view.ts';
import { isAlive } from '../platform/process-identity.ts';
import type { RunRow } from '../store/run-table.ts';
import { runsOf, type Place } from './place.ts';

export const dayMs = 86_400_000;

export type OldRun = { runId: string; state: string; endedAt: number };

/** Runs that ended so long ago and are not to go on: what is invalidated, and what somebody executes, is not over. */
export function oldRuns(place: Place, olderThanMs: number): OldRun[] {
  return runsOf(place).flatMap((row) => {
    const endedAt = row.view.endedAt;
    if (endedAt === null || place.now - endedAt < olderThanMs || !isAtRest(place, row)) return [];
    return [{ runId: row.runId, state: row.view.state, endedAt }];
  });
}

/** Asked again right before something is done to a run: it may have been resumed since. */
export function isAtRest({ store }: Place, { runId }: Pick<RunRow, 'runId'>): boolean {
  if (store === null) return true;
  const { state } = store.view(runId);
  if (!isOver(state) || state === 'needs_rerun') return false;
  const { holder } = store.leaseOf(runId);
  return holder === null || !isAlive(holder);
}
