import { createHash } from 'node:crypto';
import { lstat, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { errnoOf } from '../platform/files.ts';
import { records } from './git.ts';
import { onKeptIndex } from './kept-index.ts';
import type { Worktree } from './worktree-list.ts';

/** Path to stamp. A folder that is ignored as a whole is one entry, its path ends with `/`. */
export type IgnoredFiles = ReadonlyMap<string, string>;

/**
 * The ignored files of a worktree, stamped by kind, mode, size, inode and time: a change shows, though a program that sets all of them
 * back can hide one. Of a folder the first 5,000 entries, the upper levels first, go into its stamp; links are not followed.
 */
export async function listIgnored(worktree: Worktree): Promise<IgnoredFiles> {
  const answer = await onKeptIndex(worktree, (run) =>
    run(['status', '--porcelain=v1', '-z', '--no-renames', '--ignored=matching', '-uall']),
  );
  const paths = records(answer.stdout).flatMap((record) =>
    record.startsWith('!! ') ? [record.slice(3)] : [],
  );
  return stamped(worktree, paths);
}

/** Ignored paths that are new, gone or different since `before` was taken, sorted. `listed`: those of now, where they are known. */
export async function ignoredChanges(
  worktree: Worktree,
  before: IgnoredFiles,
  listed: readonly string[] | null = null,
): Promise<string[]> {
  const after = listed === null ? await listIgnored(worktree) : await stamped(worktree, listed);
  const paths = new Set([...before.keys(), ...after.keys()]);
  return [...paths].filter((path) => before.get(path) !== after.get(path)).toSorted();
}

async function stamped(worktree: Worktree, paths: readonly string[]): Promise<IgnoredFiles> {
  const found = new Map<string, string>();
  for (const path of paths) found.set(path, await stampOf(worktree.path, path));
  return found;
}

const maxEntries = 5_000;

async function stampOf(root: string, path: string): Promise<string> {
  if (!path.endsWith('/')) return entryStamp(join(root, path));
  const hash = createHash('sha256');
  const folders = [''];
  let left = maxEntries;
  for (const folder of folders) {
    if (left <= 0) break;
    const entries = await entriesOf(join(root, path, folder));
    for (const entry of entries.slice(0, left)) {
      const inner = `${folder}${entry.name}`;
      hash.update(`${inner}\0${await entryStamp(join(root, path, inner))}\0`);
      if (entry.isFolder) folders.push(`${inner}/`);
    }
    left -= entries.length;
  }
  return hash.digest('hex');
}

async function entriesOf(folder: string): Promise<{ name: string; isFolder: boolean }[]> {
  try {
    const entries = await readdir(folder, { withFileTypes: true });
    return entries
      .map((entry) => ({ name: entry.name, isFolder: entry.isDirectory() }))
      .toSorted((one, other) => (one.name < other.name ? -1 : 1));
  } catch (cause) {
    if (isGone(cause)) return [];
    throw cause;
  }
}

/** A folder's own time and size change with its entries, which have stamps of their own. */
async function entryStamp(path: string): Promise<string> {
  try {
    const stats = await lstat(path, { bigint: true });
    if (stats.isDirectory()) return `folder ${stats.mode}`;
    return [stats.mode, stats.size, stats.ino, stats.mtimeNs, stats.ctimeNs].join(' ');
  } catch (cause) {
    if (isGone(cause)) return 'gone';
    throw cause;
  }
}

/** Caches come and go while they are looked at; a folder nobody may read is as good as gone, and shows up as soon as it can be read. */
function isGone(cause: unknown): boolean {
  return ['ENOENT', 'ENOTDIR', 'EACCES'].includes(errnoOf(cause) ?? '');
}
