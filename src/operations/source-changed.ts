import type { RunState } from '../core/view.ts';
import { changedSource } from '../store/kept-source.ts';
import type { Store } from '../store/store.ts';

/** Whoever changes the file now means the next run. */
const ended: ReadonlySet<RunState> = new Set(['succeeded', 'failed', 'stopped']);

/** The workflow file of a run that may go on, where it holds something else than the run goes by; else null. */
export async function sourceChanged(store: Store, runId: string): Promise<string | null> {
  return ended.has(store.view(runId).state) ? null : changedSource(store.paths, runId);
}
