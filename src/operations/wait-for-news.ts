import type { RunEvent } from '../core/event.ts';
import type { Store } from '../store/store.ts';
import type { OperationContext } from './context.ts';
import { readCursor, type Cursor } from './cursor.ts';
import { findRun } from './find-run.ts';
import { flagsRaised, newsOfRun, type PollDetail } from './news.ts';
import { isOver } from '../core/view.ts';
import type { PollOutput } from './poll.ts';
import { revive } from './revive.ts';
import { sourceChanged } from './source-changed.ts';
import { waitForRuns } from './wait-for-runs.ts';

export type PollInput = {
  run_id?: string | undefined;
  since?: string | undefined;
  wait_s: number;
  detail: PollDetail;
};

/** Events often come in bursts; one answer tells them together. */
const burstMs = 300;

const pageSize = 200;

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
  let { seq } = since;
  let hasItems = false;
  let isItemLost = false;
  for (;;) {
    const warning = await revive(context, store, runId);
    if (warning !== null || isOver(store.view(runId).state)) return warning;
    const events = store.readEvents(runId, seq, pageSize).map(({ event }) => event);
    const told = events.filter(isWorthSaying);
    if (told.some((event) => !isOfItem(store, runId, event))) {
      await clock.sleep(Math.min(burstMs, waitMs), signal);
      return null;
    }
    seq += events.length;
    hasItems ||= told.length > 0;
    isItemLost ||= told.some(({ type }) => type === 'node.failed' || type === 'node.blocked');
    if (hasItems && seq - since.seq >= batch) return null;
    if (events.length === pageSize) continue;
    if (flagsRaised(store, runId) > since.flags) return null;
    const waitedMs = clock.monotonic() - began;
    const leftMs = (isItemLost ? Math.min(waitMs, lostItemMs) : waitMs) - waitedMs;
    if (leftMs <= 0 || signal.aborted) return null;
    await store.waitForPulse(runId, { signal, timeoutMs: leftMs });
  }
}

/** Of ten thousand items every one is news and none is worth an answer: those that are lost are told once a second, the others in batches of events. */
const lostItemMs = 1_000;
const batch = 1_000;

function isOfItem(store: Store, runId: string, event: RunEvent): boolean {
  return 'node' in event && event.node !== null && store.isItem(runId, event.node);
}

/** What a controller can act on or was waiting for; that a worker started or spoke is told when the wait is over. */
export function isWorthSaying(event: RunEvent): boolean {
  switch (event.type) {
    case 'node.verified':
    case 'node.reused':
    case 'node.returned':
    case 'node.failed':
    case 'node.blocked':
    case 'nodes.added':
    case 'nodes.invalidated':
    case 'run.paused':
    case 'review.judged':
    case 'lane.closed':
    case 'run.asked':
    case 'run.verified':
    case 'run.refused':
    case 'run.landed':
    case 'land.refused':
    case 'run.finished':
      return true;
    case 'run.created':
    case 'run.owned':
    case 'attempt.started':
    case 'attempt.spawned':
    case 'attempt.adopted':
    case 'attempt.ended':
    case 'work.committed':
    case 'gate.judged':
    case 'node.landed':
    case 'node.stopped':
    case 'node.skipped':
    case 'node.told':
    case 'node.unblocked':
    case 'node.admitted':
    case 'run.resumed':
    case 'run.answered':
    case 'run.stopping':
    case 'land.asked':
    case 'land.started':
      return false;
  }
}
