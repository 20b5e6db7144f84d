import { foldRun } from '../core/apply.ts';
import type { Recorded } from '../core/event.ts';
import { MoError } from '../core/problem.ts';
import type { Run } from '../core/run.ts';
import type { Store } from '../store/store.ts';

const pageSize = 5_000;

/** A run as its events tell it. */
export function readRun(store: Pick<Store, 'readEvents'>, runId: string): Run {
  const events: Recorded[] = [];
  for (;;) {
    const page = store.readEvents(runId, events.at(-1)?.seq ?? 0, pageSize);
    events.push(...page);
    if (page.length < pageSize) break;
  }
  const run = foldRun(events);
  if (run === null) throw new MoError({ code: 'run-not-found', runId });
  return run;
}
