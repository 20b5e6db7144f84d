import { cp, lstat, mkdir, realpath, symlink } from 'node:fs/promises';
import { dirname, isAbsolute, join, relative, sep } from 'node:path';
import { MoError } from '../core/problem.ts';
import { errnoOf, fileProblem, readText, writeWhole } from '../platform/files.ts';
import { records } from './git.ts';
import type { Worktree } from './worktree-list.ts';

/** Makes paths of the user's checkout, such as `node_modules`, appear in a worktree as links. Answers with those that exist there. */
export async function linkPaths(
  root: string,
  worktree: Worktree,
  paths: readonly string[],
): Promise<string[]> {
  return setUp(root, { worktree, paths }, (from, to) => symlink(from, to));
}

/** Copies paths of the user's checkout, such as `.env.test`, into a worktree. Answers with those that exist there. */
export async function copyPaths(
  root: string,
  worktree: Worktree,
  paths: readonly string[],
): Promise<string[]> {
  return setUp(root, { worktree, paths }, (from, to) =>
    cp(from, to, { recursive: true, verbatimSymlinks: true, preserveTimestamps: true }),
  );
}

/** What was linked or copied here: never committed, never cleaned away. */
export async function readSetUpPaths(worktree: Worktree): Promise<string[]> {
  return records((await readText(listFile(worktree))) ?? '');
}

async function setUp(
  root: string,
  wanted: { worktree: Worktree; paths: readonly string[] },
  place: (from: string, to: string) => Promise<void>,
): Promise<string[]> {
  const { worktree } = wanted;
  const known = new Set(await readSetUpPaths(worktree));
  const done: string[] = [];
  for (const given of wanted.paths) {
    const path = checkedPath(given);
    const from = join(root, path);
    const to = join(worktree.path, path);
    if (!(await exists(from))) continue;
    done.push(path);
    if (await exists(to)) {
      if (known.has(path)) continue;
      throw refused(given, 'is already there, because the repository tracks it');
    }
    await prepareParent(worktree.path, to, given);
    // Noted first: what is set up but not noted would be committed.
    known.add(path);
    await writeWhole(listFile(worktree), [...known].map((one) => `${one}\0`).join(''));
    await place(from, to).catch((cause: unknown) => {
      throw fileProblem(to, cause);
    });
  }
  return done;
}

function checkedPath(given: string): string {
  const names = given.split(/[\\/]/).filter((name) => name !== '' && name !== '.');
  const isOutside = isAbsolute(given) || names.includes('..') || given.includes('\0');
  if (names.length === 0 || isOutside) throw refused(given, 'does not lie inside the repository');
  if (names.some((name) => name.toLowerCase() === '.git')) throw refused(given, "is git's own");
  return names.join('/');
}

/** A tracked link may lead a folder of the path out of the worktree. */
async function prepareParent(root: string, to: string, given: string): Promise<void> {
  const top = await realpath(root);
  const names = relative(root, dirname(to)).split(sep);
  let folder = top;
  for (const name of names.filter((one) => one !== '')) {
    folder = join(folder, name);
    if (!(await exists(folder))) await mkdir(folder);
    const real = await realpath(folder);
    if (real !== folder) throw refused(given, 'passes through a link');
  }
}

async function exists(path: string): Promise<boolean> {
  try {
    await lstat(path);
    return true;
  } catch (cause) {
    if (['ENOENT', 'ENOTDIR'].includes(errnoOf(cause) ?? '')) return false;
    throw cause;
  }
}

function listFile(worktree: Worktree): string {
  return join(worktree.gitDir, 'mo-set-up');
}

function refused(path: string, why: string): MoError {
  return new MoError({
    code: 'bad-input',
    what: `The path ${JSON.stringify(path)} of worktrees.link or worktrees.copy ${why}.`,
    fix: 'Name an untracked file or folder relative to the top of the repository, such as node_modules.',
  });
}
