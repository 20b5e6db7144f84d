import type { RunEvent } from '../core/event.ts';
import type { Store } from '../store/store.ts';
import type { OperationContext } from './context.ts';
import { readCursor, type Cursor } from './cursor.ts';
import { findRun } from './find-run.ts';
import { flagsRaised, newsOfRun, type PollDetail } from './news.ts';
import { isOver } from '../core/view.ts';
import type { PollOutput } from './poll.ts';
import { revive } from './revive.ts';
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
  });
}

/** Sees to it that the run has an owner all the while; what keeps it from having one ends the wait and is the answer. */
async function untilNews(
  wait: { store: Store; runId: string; since: Cursor; waitMs: number },
  context: OperationContext,
): Promise<string | null> {
  const { store, runId } = wait;
  const deadline = context.clock.monotonic() + wait.waitMs;
  let { seq } = wait.since;
  for (;;) {
    const warning = await revive(context, store, runId);
    if (warning !== null || isOver(store.view(runId).state)) return warning;
    const events = store.readEvents(runId, seq, pageSize);
    if (events.some(({ event }) => isWorthSaying(event))) {
      await context.clock.sleep(Math.min(burstMs, wait.waitMs), context.signal);
      return null;
    }
    seq = events.at(-1)?.seq ?? seq;
    if (events.length === pageSize) continue;
    if (flagsRaised(store, runId) > wait.since.flags) return null;
    const leftMs = deadline - context.clock.monotonic();
    if (leftMs <= 0 || context.signal.aborted) return null;
    await store.waitForPulse(runId, { signal: context.signal, timeoutMs: leftMs });
  }
}

/** What a controller can act on or was waiting for; that a worker started or spoke is told when the wait is over. */
export function isWorthSaying(event: RunEvent): boolean {
  switch (event.type) {
    case 'node.verified':
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
      return false;
  }
}
