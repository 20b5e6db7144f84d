import type { RunEvent } from '../core/event.ts';
import type { Store } from '../store/store.ts';
import type { Cursor } from './cursor.ts';
import { flagsRaised } from './news.ts';

/**
 * `burst`: worth an answer, together with what comes right behind it. `now`: worth one at once. `soon`: an item of a map was lost. null:
 * nothing that anybody waits for.
 */
export type Worth = 'burst' | 'now' | 'soon' | null;

/** Events often come in bursts; one answer tells them together. */
export const burstMs = 300;

/** Of ten thousand items every one is news and none is worth an answer: those that are lost are told once a second, the others in batches of events. */
export const lostItemMs = 1_000;
const batch = 1_000;

const pageSize = 200;

/** Each call looks at what has happened to the run since the call before, the first at what has since the cursor. */
export function watchNews(store: Store, runId: string, since: Cursor): () => Worth {
  let { seq } = since;
  let hasItems = false;
  let isItemLost = false;
  return () => {
    for (;;) {
      const events = store.readEvents(runId, seq, pageSize).map(({ event }) => event);
      const told = events.filter(isWorthSaying);
      if (told.some((event) => !isOfItem(store, runId, event))) return 'burst';
      seq += events.length;
      hasItems ||= told.length > 0;
      isItemLost ||= told.some(({ type }) => type === 'node.failed' || type === 'node.blocked');
      if (hasItems && seq - since.seq >= batch) return 'now';
      if (events.length < pageSize) break;
    }
    if (flagsRaised(store, runId) > since.flags) return 'now';
    return isItemLost ? 'soon' : null;
  };
}

function isOfItem(store: Store, runId: string, event: RunEvent): boolean {
  return 'node' in event && event.node !== null && store.isItem(runId, event.node);
}

/** What a controller can act on or was waiting for; that a worker started or spoke is told when the wait is over. */
function isWorthSaying(event: RunEvent): boolean {
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
