import { MoError } from '../core/problem.ts';
import { treeOf } from './commit.ts';
import { records, type Git } from './git.ts';
import type { Worktree } from './worktree-list.ts';

/** What one call tells of a worktree whose index holds what its HEAD does. */
export type Look = {
  head: string;
  /** The tree of HEAD. */
  tree: string;
  branch: string | null;
  /** Whether tracked files differ from HEAD. */
  isChanged: boolean;
  untracked: readonly string[];
  /** Folders that are ignored as a whole end with `/`. */
  ignored: readonly string[];
};

/**
 * null where it is not that simple: no HEAD, an index that stands elsewhere, files in conflict, repositories inside. `run` says which
 * index is looked through.
 */
export async function look(worktree: Worktree, run: Git['run']): Promise<Look | null> {
  const answer = await run(args, { accept: [0, 128] });
  if (answer.exitCode !== 0) return null;
  const said = { head: '', branch: '' };
  const untracked: string[] = [];
  const ignored: string[] = [];
  let isChanged = false;
  for (const record of records(answer.stdout)) {
    const value = record.slice(2);
    if (record.startsWith('! ')) ignored.push(value);
    else if (record.startsWith('? ') && !value.endsWith('/')) untracked.push(value);
    else if (value.startsWith('branch.oid ')) said.head = value.slice('branch.oid '.length);
    else if (value.startsWith('branch.head ')) said.branch = value.slice('branch.head '.length);
    else if (record.startsWith('1 .')) isChanged = true;
    else if (!record.startsWith('# ')) return null;
  }
  const tree = await treeOrNull(worktree.git, said.head);
  if (tree === null) return null;
  const branch = said.branch === '(detached)' ? null : said.branch;
  return { head: said.head, tree, branch, isChanged, untracked, ignored };
}

const args = [
  'status',
  '--porcelain=v2',
  '--branch',
  '--no-ahead-behind',
  '-z',
  '--no-renames',
  '--ignored=matching',
  '-uall',
];

/** Of `(initial)`, and of what is no commit, there is none. */
async function treeOrNull(git: Git, head: string): Promise<string | null> {
  try {
    return await treeOf(git, head);
  } catch (cause) {
    if (cause instanceof MoError && cause.code === 'git-failed') return null;
    throw cause;
  }
}
