import { commitTree, treeOf } from './commit.ts';
import { listIgnored } from './ignored.ts';
import { readRef, updateRef } from './refs.ts';
import { writeWorkTree } from './work-tree.ts';
import { isFolder } from './git-error.ts';
import type { Worktree } from './worktree-list.ts';

export type Parked = {
  /** The commit `ref` points to; null when all was committed and reachable from another ref already. */
  commit: string | null;
  /** Ignored paths, which are not parked; folders end with `/`. */
  ignored: string[];
};

/** Saves under `ref` what exists only in a worktree: uncommitted and untracked files, and commits that no ref holds. Changes nothing there. */
export async function parkWorktree(worktree: Worktree, ref: string): Promise<Parked> {
  if (!(await isFolder(worktree.path))) return { commit: null, ignored: [] };
  const { tree, head, ignored } = await writeWorkTree(worktree, null);
  return {
    commit: await park(worktree, { ref, head, tree }),
    ignored: [...(ignored ?? (await listIgnored(worktree)).keys())],
  };
}

async function park(
  { git }: Worktree,
  left: { ref: string; head: string | null; tree: string },
): Promise<string | null> {
  const { ref, head, tree } = left;
  const isCommitted = head !== null && (await treeOf(git, head)) === tree;
  if (isCommitted && (await isHeld({ git }, head))) return null;
  const earlier = await readRef(git, ref);
  if (!isCommitted && earlier !== null && (await treeOf(git, earlier)) === tree) return earlier;
  const commit =
    isCommitted && earlier === null
      ? head
      : await commitTree(git, {
          tree,
          // A place that is taken keeps what it holds: the earlier commit becomes a parent.
          parents: [head, earlier].filter((parent) => parent !== null),
          message: `Parked: what was left in the worktree of ${ref.replace('refs/mo/parked/', '')}`,
          trailers: {},
        });
  await updateRef(git, { ref, to: commit, expected: earlier, reason: 'mo: park' });
  return commit;
}

async function isHeld({ git }: Pick<Worktree, 'git'>, commit: string): Promise<boolean> {
  const found = await git.text(['for-each-ref', '--count=1', '--format=x', `--contains=${commit}`]);
  return found !== '';
}
