import { commitTree, isAncestor, treeOf, type NewCommit } from './commit.ts';
import { records, type Git } from './git.ts';

export type Merged = { clean: true; tree: string } | { clean: false; files: string[] };

export type MergeSides = {
  ours: string;
  theirs: string;
  /** Merge as if the sides had parted here; default where they really did. */
  base?: string;
};

/** Merges two commits without a checkout and without moving a ref. */
export async function mergeInMemory(git: Git, sides: MergeSides): Promise<Merged> {
  const { ours, theirs } = sides.base === undefined ? sides : await rebased(git, sides, sides.base);
  const answer = await git.run(
    ['merge-tree', '--write-tree', '-z', '--name-only', '--no-messages', ours, theirs],
    { accept: [0, 1] },
  );
  const [tree = '', ...files] = records(answer.stdout);
  if (answer.exitCode === 0) return { clean: true, tree };
  return { clean: false, files: [...new Set(files.filter((file) => file !== ''))] };
}

/** How a branch would take up a commit. `result` is what the branch would point to then. */
export type MergePlan =
  | { kind: 'nothing'; from: string; result: string }
  | { kind: 'forward'; from: string; result: string }
  | { kind: 'merge'; from: string; result: string }
  | { kind: 'conflict'; from: string; files: string[] };

/** Prepares everything of a merge but the move of the branch, so that the result can be gated first. */
export async function planMerge(
  git: Git,
  from: string,
  incoming: Omit<NewCommit, 'tree' | 'parents'> & { commit: string },
): Promise<MergePlan> {
  const { commit, message, trailers } = incoming;
  if (await isAncestor(git, commit, from)) return { kind: 'nothing', from, result: from };
  if (await isAncestor(git, from, commit)) return { kind: 'forward', from, result: commit };
  const merged = await mergeInMemory(git, { ours: from, theirs: commit });
  if (!merged.clean) return { kind: 'conflict', from, files: merged.files };
  const parents = [from, commit];
  const result = await commitTree(git, { tree: merged.tree, parents, message, trailers });
  return { kind: 'merge', from, result };
}

/** `merge-tree --merge-base` needs git 2.40; stand-ins whose only parent is the wanted base say the same to 2.38. */
async function rebased(git: Git, sides: MergeSides, base: string): Promise<MergeSides> {
  const standIn = async (commit: string): Promise<string> =>
    commitTree(git, {
      tree: await treeOf(git, commit),
      parents: [base],
      message: 'stand-in',
      trailers: {},
    });
  return { ours: await standIn(sides.ours), theirs: await standIn(sides.theirs) };
}
