import { mkdir, readdir, realpath, rename, writeFile } from 'node:fs/promises';
import { basename, dirname, join, relative } from 'node:path';
import { MoError } from '../core/problem.ts';
import { errnoOf, fileProblem, readText } from '../platform/files.ts';
import { newId } from '../platform/ids.ts';
import { isFolder } from './git-error.ts';
import { keepIndex } from './kept-index.ts';
import { inTurn } from './in-turn.ts';
import { parkWorktree, type Parked } from './park.ts';
import { removeFolder } from './remove-folder.ts';
import type { Repository } from './repository.ts';
import { listWorktreeAdmins, type Worktree, type WorktreeAdmin } from './worktree-list.ts';

/**
 * A worktree at `path` with a detached HEAD on `base`; the one that is there already is returned as it is (`checkoutCommit` resets it).
 * A folder that git does not know is moved aside, never deleted. Calls for one repository take turns.
 */
export async function addWorktree(
  repository: Repository,
  wanted: { path: string; base: string },
): Promise<Worktree> {
  return inTurn(repository.commonDir, async () => {
    await makeParent(wanted.path);
    const path = await realFuturePath(wanted.path);
    const found = await adminOf(repository, path);
    if (found !== null && (await isUsable(found))) return finish(repository, found);
    if (found !== null) await forget(repository, found);
    else await moveAside(path);
    await repository.git.run(['worktree', 'add', '--force', '--detach', path, wanted.base]);
    const made = await adminOf(repository, path);
    if (made === null) throw notThere(path);
    return finish(repository, made);
  });
}

/** The worktree mo made at `path` earlier, or null when there is none. */
export async function openWorktree(repository: Repository, path: string): Promise<Worktree | null> {
  const real = await realFuturePath(path);
  const found = await adminOf(repository, real);
  return found !== null && (await isUsable(found)) ? worktreeOf(repository, found) : null;
}

/** Parks what exists only there, then removes folder and registration. Whoever worked in it must be gone. */
export async function removeWorktree(
  repository: Repository,
  worktree: Worktree,
  parkTo: string,
): Promise<Parked> {
  const parked = await parkWorktree(worktree, parkTo);
  await inTurn(repository.commonDir, () => forget(repository, worktree));
  return parked;
}

/** Forgets worktrees under `folder` whose own folder is gone. Others, such as the user's on an unplugged disk, are left alone. */
export async function pruneWorktrees(repository: Repository, folder: string): Promise<string[]> {
  const under = await realFuturePath(folder);
  const pruned: string[] = [];
  await inTurn(repository.commonDir, async () => {
    for (const admin of await listWorktreeAdmins(repository)) {
      const isUnder = !relative(under, admin.path).startsWith('..');
      if (!isUnder || (await isFolder(admin.path))) continue;
      await forget(repository, admin);
      pruned.push(admin.path);
    }
  });
  return pruned;
}

async function adminOf(repository: Repository, path: string): Promise<WorktreeAdmin | null> {
  const admins = await listWorktreeAdmins(repository);
  return admins.find((admin) => admin.path === path) ?? null;
}

/** git locks a worktree as `initializing` while it is being made; one that still says so was cut off before any worker saw it. */
async function isUsable(admin: WorktreeAdmin): Promise<boolean> {
  if (!(await isFolder(admin.path))) return false;
  return (await readText(join(admin.gitDir, 'locked')))?.trim() !== 'initializing';
}

/** Locked, so that no `git worktree prune` of anybody takes it away while mo works in it. */
async function finish(repository: Repository, admin: WorktreeAdmin): Promise<Worktree> {
  const worktree = worktreeOf(repository, admin);
  await keepIndex(worktree, 'unless-kept');
  await writeFile(join(admin.gitDir, 'locked'), 'mo works here');
  return worktree;
}

function worktreeOf(repository: Repository, admin: WorktreeAdmin): Worktree {
  const { path, gitDir } = admin;
  return { path, gitDir, git: repository.git.pinnedTo({ folder: path, gitDir }) };
}

/** The folder first: `git worktree remove` refuses a worktree whose `.git` was damaged, but not one that is gone. */
async function forget(repository: Repository, admin: WorktreeAdmin): Promise<void> {
  await removeFolder(admin.path);
  await repository.git.run(['worktree', 'remove', '--force', '--force', admin.path]);
}

async function moveAside(path: string): Promise<void> {
  try {
    if ((await readdir(path)).length > 0) await rename(path, `${path}.left-${newId()}`);
  } catch (cause) {
    if (errnoOf(cause) !== 'ENOENT') throw fileProblem(path, cause);
  }
}

async function makeParent(path: string): Promise<void> {
  try {
    await mkdir(dirname(path), { recursive: true });
  } catch (cause) {
    throw fileProblem(path, cause);
  }
}

/** git stores real paths; the last part may not exist yet, and where the parent does not either, no worktree is registered there. */
async function realFuturePath(path: string): Promise<string> {
  try {
    return join(await realpath(dirname(path)), basename(path));
  } catch (cause) {
    if (errnoOf(cause) === 'ENOENT') return path;
    throw fileProblem(path, cause);
  }
}

function notThere(path: string): MoError {
  const stderr = `git made no worktree at ${path}`;
  return new MoError({ code: 'git-failed', args: ['worktree', 'add'], exitCode: 0, stderr });
}
