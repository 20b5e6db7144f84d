import type { Change } from '../core/scope.ts';
import { commitTree, isAncestor, treeOf, type NewCommit } from './commit.ts';
import { changesBetween } from './diff.ts';
import { standOf } from './repository.ts';
import { mendHead, settleWorktree } from './settle.ts';
import { writeWorkTree } from './work-tree.ts';
import type { Worktree } from './worktree-list.ts';

export type CommittedWork = {
  base: string;
  /** Always `base` or a descendant of it; `base` when nothing differs. */
  commit: string;
  tree: string;
  changes: Change[];
  /** The commit the worker ended on when its history does not hold `base`: only its files were taken, not its commits. */
  foreignHead: string | null;
  /** The branch the worker had switched to; mo's worktrees are on none. */
  leftBranch: string | null;
};

/**
 * Commits all a worker left on top of the commits it made itself, then leaves the worktree clean on the result: HEAD detached, no
 * merge or rebase under way, no lock. The worker must be gone. No hook runs, no branch moves.
 */
export async function commitWork(
  worktree: Worktree,
  work: { base: string } & Pick<NewCommit, 'message' | 'trailers'>,
): Promise<CommittedWork> {
  const { git } = worktree;
  const { base } = work;
  await mendHead(worktree, base);
  const { head, branch: leftBranch } = await standOf(git);
  const tree = await writeWorkTree(worktree, base);
  const parent = head !== null && (await isAncestor(git, base, head)) ? head : null;
  const commit = await commitOf(worktree, { ...work, tree, parent: parent ?? base });
  await settleWorktree(worktree, commit);
  return {
    base,
    commit,
    tree,
    changes: await changesBetween(git, base, commit),
    foreignHead: parent === null ? head : null,
    leftBranch,
  };
}

type Work = Omit<NewCommit, 'parents'> & { base: string; parent: string };

async function commitOf({ git }: Worktree, work: Work): Promise<string> {
  if (work.tree === (await treeOf(git, work.base))) return work.base;
  if (work.parent !== work.base && work.tree === (await treeOf(git, work.parent)))
    return work.parent;
  return commitTree(git, { ...work, parents: [work.parent] });
}
