import { copyFile, readFile, rename, rm, stat, utimes } from 'node:fs/promises';
import { join } from 'node:path';
import { errnoOf, fileProblem } from '../platform/files.ts';
import { newId } from '../platform/ids.ts';
import type { Git } from './git.ts';
import type { Worktree } from './worktree-list.ts';

/**
 * mo reads a worktree through an index of its own. The worker's may be locked by a process that was killed, half merged, or hold
 * flags (`assume-unchanged`) that hide changes; a fresh one would mean to read every file again.
 */
export async function keepIndex(worktree: Worktree, when: 'unless-kept' | 'now'): Promise<void> {
  if (when === 'unless-kept' && (await exists(keptIndex(worktree)))) return;
  await copyIndex(join(worktree.gitDir, 'index'), keptIndex(worktree));
}

/** Gives the worktree the kept index in place of the worker's. */
export async function restoreIndex(worktree: Worktree): Promise<void> {
  await rm(join(worktree.gitDir, 'index.lock'), { force: true });
  if (await exists(keptIndex(worktree))) {
    await copyIndex(keptIndex(worktree), join(worktree.gitDir, 'index'));
  }
}

/** Whether the worker's index is still the one mo has kept: then nothing was staged in it. */
export async function isIndexKept(worktree: Worktree): Promise<boolean> {
  const [own, kept] = await Promise.all([
    bytesOf(join(worktree.gitDir, 'index')),
    bytesOf(keptIndex(worktree)),
  ]);
  return own !== null && kept !== null && own.equals(kept);
}

/** Runs `work` on a copy of the kept index and keeps the copy when it succeeds, with all it has learnt about files. */
export async function onKeptIndex<T>(
  worktree: Worktree,
  work: (git: Git['run']) => Promise<T>,
): Promise<T> {
  const index = `${keptIndex(worktree)}-${newId()}`;
  try {
    if (await exists(keptIndex(worktree))) await copyIndex(keptIndex(worktree), index);
    const result = await work((args, call = {}) =>
      worktree.git.run(args, { ...call, env: { ...call.env, GIT_INDEX_FILE: index } }),
    );
    await rename(index, keptIndex(worktree));
    return result;
  } catch (cause) {
    throw fileProblem(index, cause);
  } finally {
    await rm(index, { force: true });
    await rm(`${index}.lock`, { force: true });
  }
}

function keptIndex(worktree: Worktree): string {
  return join(worktree.gitDir, 'mo-index');
}

/** With its time, rounded down: git looks into a file again when it is as young as the index, and a younger copy would stop that. */
async function copyIndex(from: string, to: string): Promise<void> {
  const fresh = `${to}.${newId()}`;
  try {
    const seconds = Math.floor((await stat(from)).mtimeMs / 1_000);
    await copyFile(from, fresh);
    await utimes(fresh, seconds, seconds);
    await rename(fresh, to);
  } catch (cause) {
    throw fileProblem(to, cause);
  } finally {
    await rm(fresh, { force: true });
  }
}

async function exists(path: string): Promise<boolean> {
  try {
    await stat(path);
    return true;
  } catch (cause) {
    if (errnoOf(cause) === 'ENOENT') return false;
    throw cause;
  }
}

async function bytesOf(path: string): Promise<Buffer | null> {
  try {
    return await readFile(path);
  } catch (cause) {
    if (errnoOf(cause) === 'ENOENT') return null;
    throw fileProblem(path, cause);
  }
}
