import type { Git, GitAnswer } from './git.ts';

/** `text` ends in the middle of things when `isCut`; whoever must see all of it has to refuse then. */
export type Patch = { text: string; isCut: boolean };

/** Commits stand for their trees. Default 20 MB. */
export type PatchRange = { from: string; to: string; maxBytes?: number };

/** The unified diff from one tree to another, renames found, for reading: objects are named short, binary files are named and not shown. */
export async function patchBetween(git: Git, range: PatchRange): Promise<Patch> {
  const args = ['diff-tree', '-M', '--abbrev=10', ...flags, range.from, range.to];
  return patchOf(await git.run(args, { cutAt: range.maxBytes ?? usualLimit }));
}

/**
 * The diffs of every commit a worker made, oldest first. What one adds and the next removes is in none of the trees that are compared
 * but lands with the history: a leaked key must be looked for here too.
 */
export async function patchOfHistory(git: Git, range: PatchRange): Promise<Patch> {
  const { from, to } = range;
  const commits = await git.text(['rev-list', '--reverse', '--topo-order', to, `^${from}`]);
  if (commits === '') return { text: '', isCut: false };
  const args = ['diff-tree', '--stdin', '--root', '-c', '--no-renames', '--full-index', ...flags];
  const call = { stdin: commits, cutAt: range.maxBytes ?? usualLimit };
  return patchOf(await git.run(args, call));
}

const usualLimit = 20_000_000;

const flags = [
  '-r',
  '--patch',
  '--no-color',
  '--no-ext-diff',
  '--no-textconv',
  '--ignore-submodules=none',
  '--src-prefix=a/',
  '--dst-prefix=b/',
];

function patchOf({ stdout, isCut }: GitAnswer): Patch {
  return { text: stdout, isCut };
}
