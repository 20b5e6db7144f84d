import { headOf } from './repository.ts';
import { keepIndex } from './kept-index.ts';
import { readSetUpPaths } from './set-up-paths.ts';
import { mendHead, settleWorktree } from './settle.ts';
import type { Worktree } from './worktree-list.ts';

/**
 * Resets a worktree of mo to a commit: tracked files as there, untracked ones gone, ignored ones (`node_modules`) and what was set up
 * kept. What is in the way is lost, so park first where a worker has been.
 */
export async function checkoutCommit(worktree: Worktree, commit: string): Promise<void> {
  await mendHead(worktree, commit);
  await settleWorktree(worktree, (await headOf(worktree.git)) ?? commit);
  const keep = (await readSetUpPaths(worktree)).flatMap((path) => ['-e', `/${asPattern(path)}`]);
  await worktree.git.run(['reset', '--hard', '--quiet', commit]);
  await worktree.git.run(['clean', '-ffd', '--quiet', ...keep]);
  await keepIndex(worktree, 'now');
}

function asPattern(path: string): string {
  return path.replace(/[\\*?[\] #!]/g, (sign) => `\\${sign}`);
}
