import { mergedFiles } from '../git/blobs.ts';
import type { Git } from '../git/git.ts';

/** Whether a merge has made files that nobody has looked at yet; all others were gated on one side of it. */
export async function mergedOf(git: Git, merge: string): Promise<'merged' | 'none'> {
  return (await mergedFiles(git, merge)).length > 0 ? 'merged' : 'none';
}
