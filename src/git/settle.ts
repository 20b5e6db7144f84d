import { lstat, readdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { errnoOf, readText, writeWhole } from '../platform/files.ts';
import { newId } from '../platform/ids.ts';
import { line } from './git.ts';
import { restoreIndex } from './kept-index.ts';
import { moveHead, updateRef, type RefMove } from './refs.ts';
import type { Worktree } from './worktree-list.ts';

/** Puts a worktree on a commit whose files it already has. */
export async function settleWorktree(worktree: Worktree, commit: string): Promise<void> {
  await settleFiles(worktree);
  await settleHead(worktree, commit);
}

/** Ends what a killed worker left half done and gives the worktree the index mo has kept. */
export async function settleFiles(worktree: Worktree): Promise<void> {
  await mendLink(worktree);
  await endOperations(worktree);
  await restoreIndex(worktree);
}

/** Detaches HEAD at the commit. `along`: a ref that moves with HEAD, or neither does. Throws target-moved, as `updateRef` does. */
export async function settleHead(
  worktree: Worktree,
  commit: string,
  along: RefMove | null = null,
): Promise<void> {
  const head = join(worktree.gitDir, 'HEAD');
  if (!(await isPlainFile(head)) || (await readText(head)) !== `${commit}\n`) {
    await moveHead(worktree.git, commit, along);
  } else if (along !== null) {
    await updateRef(worktree.git, along);
  }
}

/** The worker has ended, and whoever holds the lock with it. */
export async function unlockHead(worktree: Worktree): Promise<void> {
  await rm(join(worktree.gitDir, 'HEAD.lock'), { force: true });
}

/** git works in no worktree whose HEAD it cannot read. `fallback` null: where the main checkout stands. */
export async function mendHead(worktree: Worktree, fallback: string | null): Promise<void> {
  await unlockHead(worktree);
  const answer = await worktree.git.run(['rev-parse', '--git-dir'], { accept: [0, 128] });
  if (answer.exitCode === 0) return;
  const commonDir = join(worktree.gitDir, '..', '..');
  const commit =
    fallback ?? line(await worktree.git.at(commonDir).text(['rev-parse', '--verify', 'HEAD']));
  await writeWhole(join(worktree.gitDir, 'HEAD'), `${commit}\n`);
}

/** A worker may have removed or replaced `.git`; the next one, and the gates, need it. What stood there is moved to the git folder. */
async function mendLink(worktree: Worktree): Promise<void> {
  const link = join(worktree.path, '.git');
  const wanted = `gitdir: ${worktree.gitDir}\n`;
  const isFile = await isPlainFile(link);
  if (isFile && (await readText(link)) === wanted) return;
  if (isFile !== null) await rename(link, join(worktree.gitDir, `replaced-git-${newId()}`));
  await writeWhole(link, wanted);
}

/** null: there is nothing. */
async function isPlainFile(path: string): Promise<boolean | null> {
  try {
    return (await lstat(path)).isFile();
  } catch (cause) {
    if (errnoOf(cause) === 'ENOENT') return null;
    throw cause;
  }
}

/** Merges, rebases, picks and bisects under way, and locks whose holder is gone: the worker has ended, and each worktree has its own. */
async function endOperations(worktree: Worktree): Promise<void> {
  const left = (await readdir(worktree.gitDir)).filter(
    (name) => operations.includes(name) || name.startsWith('BISECT_'),
  );
  for (const name of left) {
    await rm(join(worktree.gitDir, name), { recursive: true, force: true });
  }
}

const operations = [
  'AUTO_MERGE',
  'CHERRY_PICK_HEAD',
  'HEAD.lock',
  'MERGE_HEAD',
  'MERGE_MODE',
  'MERGE_MSG',
  'MERGE_RR',
  'REBASE_HEAD',
  'REVERT_HEAD',
  'SQUASH_MSG',
  'index.lock',
  'rebase-apply',
  'rebase-merge',
  'sequencer',
];
