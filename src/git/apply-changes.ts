import { commitTree, treeOf, type NewCommit } from './commit.ts';
import { mergeInMemory } from './merge.ts';
import type { Git } from './git.ts';

/** What differs from one commit to another. Turned round, it takes that back. */
export type Change = { from: string; to: string };

export type Applied = { kind: 'applied'; commit: string } | { kind: 'conflict'; files: string[] };

/**
 * Puts changes on a commit, one after the other, each as a commit of its own, without a checkout and without moving a ref. One that is
 * there already adds none.
 */
export async function applyChanges(
  git: Git,
  onto: string,
  { changes, ...made }: { changes: readonly Change[] } & Pick<NewCommit, 'message' | 'trailers'>,
): Promise<Applied> {
  let commit = onto;
  for (const { from, to } of changes) {
    const merged = await mergeInMemory(git, { ours: commit, theirs: to, base: from });
    if (!merged.clean) return { kind: 'conflict', files: merged.files };
    if (merged.tree === (await treeOf(git, commit))) continue;
    commit = await commitTree(git, { tree: merged.tree, parents: [commit], ...made });
  }
  return { kind: 'applied', commit };
}
