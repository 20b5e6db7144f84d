import { foldRun } from '../core/apply.ts';
import type { Recorded } from '../core/event.ts';
import { MoError } from '../core/problem.ts';
import type { Run } from '../core/run.ts';
import type { Store } from '../store/store.ts';

const pageSize = 5_000;

/** A run as its events tell it. */
export function readRun(store: Pick<Store, 'readEvents'>, runId: string): Run {
  const run = foldRun(eventsOf(store, runId));
  if (run === null) throw new MoError({ code: 'run-not-found', runId });
  return run;
}

/** Page by page, so that a long run need not be in memory at once. */
export function* eventsOf(
  store: Pick<Store, 'readEvents'>,
  runId: string,
): Generator<Recorded, void> {
  let seq = 0;
  for (;;) {
    const page = store.readEvents(runId, seq, pageSize);
    yield* page;
    seq = page.at(-1)?.seq ?? seq;
    if (page.length < pageSize) return;
  }
}
