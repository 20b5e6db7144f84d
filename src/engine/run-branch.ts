import type { Run } from '../core/run.ts';
import { readRef, runBranch, runRef, updateRef } from '../git/refs.ts';
import type { Engine } from './engine.ts';
import type { Recorder } from './recorder.ts';

/** The branch of a run lies open and may be deleted by anybody: then it is put back where mo left it. One that points elsewhere is left alone. Whether it was gone. */
export async function putBackBranch(
  { repository, log }: Engine,
  recorder: Recorder,
  run: Run,
): Promise<boolean> {
  const head = run.head?.commit ?? null;
  // It comes into being with the first landing.
  if (repository === null || head === null || head === run.spec.base) return false;
  const ref = runRef(run.spec.runId);
  if ((await readRef(repository.git, ref)) !== null) return false;
  recorder.fence();
  await updateRef(repository.git, { ref, to: head, expected: null, reason: 'mo: put back' });
  log(`${runBranch(run.spec.runId)} was gone; put back at ${head.slice(0, 10)}`);
  return true;
}
