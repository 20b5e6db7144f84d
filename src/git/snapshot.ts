import { MoError } from '../core/problem.ts';
import type { Change } from '../core/scope.ts';
import { commitTree, isAncestor, treeOf, type NewCommit } from './commit.ts';
import { changesBetween } from './diff.ts';
import { readRef, type RefMove } from './refs.ts';
import { settleFiles, settleHead } from './settle.ts';
import { writeWorkTree } from './work-tree.ts';
import type { Worktree } from './worktree-list.ts';

export type CommittedWork = {
  base: string;
  /** Always `base` or a descendant of it; `base` when nothing differs. */
  commit: string;
  tree: string;
  changes: Change[];
  /** Paths git ignores in the worktree, folders that are ignored as a whole end with `/`; null: not asked. */
  ignored: readonly string[] | null;
  /** The commit the worker ended on when its history does not hold `base`: only its files were taken, not its commits. */
  foreignHead: string | null;
  /** The branch the worker had switched to; mo's worktrees are on none. */
  leftBranch: string | null;
};

/** `expected`: where the ref most likely is; null when it is not there yet. */
export type KeptUnder = Pick<RefMove, 'ref' | 'expected' | 'reason'>;

/**
 * Commits all a worker left on top of the commits it made itself, then leaves the worktree clean on the result: HEAD detached, no
 * merge or rebase under way, no lock. The worker must be gone. No hook runs, no branch moves; the ref `keep` takes the commit up.
 */
export async function commitWork(
  worktree: Worktree,
  work: { base: string; keep?: KeptUnder } & Pick<NewCommit, 'message' | 'trailers'>,
): Promise<CommittedWork> {
  const { git } = worktree;
  const { base } = work;
  const { tree, head, branch, ignored } = await writeWorkTree(worktree, base);
  const parent = head !== null && (await isAncestor(git, base, head)) ? head : null;
  const commit = await commitOf(worktree, { ...work, tree, parent: parent ?? base });
  // First the index: git reads it even to compare two trees, and a worker may have damaged it.
  await settleFiles(worktree);
  const [changes] = await Promise.all([
    commit === base ? [] : changesBetween(git, base, commit),
    moveOn(worktree, commit, work.keep),
  ]);
  return {
    base,
    commit,
    tree,
    changes,
    ignored,
    foreignHead: parent === null ? head : null,
    leftBranch: branch,
  };
}

/** The ref is where it was expected unless an owner died in between: then it is looked for. */
async function moveOn(worktree: Worktree, commit: string, keep?: KeptUnder): Promise<void> {
  if (keep === undefined) return settleHead(worktree, commit);
  try {
    return await settleHead(worktree, commit, { ...keep, to: commit });
  } catch (cause) {
    if (!(cause instanceof MoError) || cause.code !== 'target-moved') throw cause;
  }
  const expected = await readRef(worktree.git, keep.ref);
  const along = expected === commit ? null : { ...keep, to: commit, expected };
  return settleHead(worktree, commit, along);
}

type Work = Omit<NewCommit, 'parents'> & { base: string; parent: string };

async function commitOf({ git }: Worktree, work: Work): Promise<string> {
  if (work.tree === (await treeOf(git, work.base))) return work.base;
  if (work.parent !== work.base && work.tree === (await treeOf(git, work.parent)))
    return work.parent;
  return commitTree(git, { ...work, parents: [work.parent] });
}
