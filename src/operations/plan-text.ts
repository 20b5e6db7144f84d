import { readKept } from '../store/kept-file.ts';
import type { OperationContext } from './context.ts';
import { findRun } from './find-run.ts';

/** The plan a run asks about, with its dry run, as the planner's owner wrote it down. */
export async function planText(context: OperationContext, run: string): Promise<string> {
  const { store, runId } = await findRun(context, run);
  const path = store.paths.plan(runId);
  return (
    (await readKept(store.paths, path)) ??
    `The plan is not written down yet; it will be in ${path}.`
  );
}
