import { readdir } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { errnoOf, readText } from '../platform/files.ts';
import { records, type Git } from './git.ts';
import type { Repository } from './repository.ts';

/** A checkout that belongs to mo. Its git is pinned: whatever a worker does to `.git` inside, mo's calls reach the right place. */
export type Worktree = { path: string; gitDir: string; git: Git };

export type ListedWorktree = {
  path: string;
  /** The full ref, `refs/heads/main`; null when HEAD is detached. */
  ref: string | null;
  isBare: boolean;
};

/** Every checkout of the repository, the main one first. */
export async function listWorktrees(repository: Repository): Promise<ListedWorktree[]> {
  const text = await repository.git.text(['worktree', 'list', '--porcelain', '-z']);
  const found: ListedWorktree[] = [];
  for (const record of records(text)) {
    const space = record.indexOf(' ');
    const [label, value] =
      space < 0 ? [record, ''] : [record.slice(0, space), record.slice(space + 1)];
    const last = found.at(-1);
    if (label === 'worktree') found.push({ path: value, ref: null, isBare: false });
    else if (label === 'branch' && last !== undefined) last.ref = value;
    else if (label === 'bare' && last !== undefined) last.isBare = true;
  }
  return found;
}

export type WorktreeAdmin = { gitDir: string; path: string };

/**
 * The git folders of all linked worktrees. Read from disk because `git worktree list` does not name them, and asking inside a
 * worktree would believe a `.git` that a worker may have replaced.
 */
export async function listWorktreeAdmins(repository: Repository): Promise<WorktreeAdmin[]> {
  const folder = join(repository.commonDir, 'worktrees');
  const found: WorktreeAdmin[] = [];
  for (const name of await namesIn(folder)) {
    const gitDir = join(folder, name);
    const link = await readText(join(gitDir, 'gitdir'));
    if (link !== null) {
      found.push({ gitDir, path: resolve(gitDir, link.trimEnd()).replace(/\/\.git$/, '') });
    }
  }
  return found;
}

async function namesIn(folder: string): Promise<string[]> {
  try {
    return await readdir(folder);
  } catch (cause) {
    if (errnoOf(cause) === 'ENOENT') return [];
    throw cause;
  }
}
