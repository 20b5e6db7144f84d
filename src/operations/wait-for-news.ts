import type { Store } from '../store/store.ts';
import type { OperationContext } from './context.ts';
import { readCursor, type Cursor } from './cursor.ts';
import { findRun } from './find-run.ts';
import { newsOfRun, type PollDetail } from './news.ts';
import { isOver } from '../core/view.ts';
import type { PollOutput } from './poll.ts';
import { revive } from './revive.ts';
import { sourceChanged } from './source-changed.ts';
import { waitForRuns } from './wait-for-runs.ts';
import { burstMs, lostItemMs, watchNews } from './watch-news.ts';

export type PollInput = {
  run_id?: string | undefined;
  since?: string | undefined;
  wait_s: number;
  detail: PollDetail;
};

/** Returns at once when there is news or the run is over; else waits for news without using the processor. */
export async function waitForNews(
  input: PollInput,
  context: OperationContext,
): Promise<PollOutput> {
  if (input.run_id === undefined) return waitForRuns(input, context);
  const { store, runId } = await findRun(context, input.run_id);
  const since = input.since === undefined ? null : readCursor(input.since);
  const warning =
    since === null
      ? await revive(context, store, runId)
      : await untilNews({ store, runId, since, waitMs: input.wait_s * 1000 }, context);
  return newsOfRun(store, runId, {
    since,
    detail: input.detail,
    now: context.clock.now(),
    warning,
    sourceChanged: await sourceChanged(store, runId),
  });
}

/** Sees to it that the run has an owner all the while; what keeps it from having one ends the wait and is the answer. */
async function untilNews(
  wait: { store: Store; runId: string; since: Cursor; waitMs: number },
  context: OperationContext,
): Promise<string | null> {
  const { store, runId, since, waitMs } = wait;
  const { clock, signal } = context;
  const began = clock.monotonic();
  const look = watchNews(store, runId, since);
  for (;;) {
    const warning = await revive(context, store, runId);
    if (warning !== null || isOver(store.view(runId).state)) return warning;
    const news = look();
    if (news === 'burst') await clock.sleep(Math.min(burstMs, waitMs), signal);
    if (news === 'burst' || news === 'now') return null;
    const waitedMs = clock.monotonic() - began;
    const leftMs = (news === 'soon' ? Math.min(waitMs, lostItemMs) : waitMs) - waitedMs;
    if (leftMs <= 0 || signal.aborted) return null;
    await store.waitForPulse(runId, { signal, timeoutMs: leftMs });
  }
}
