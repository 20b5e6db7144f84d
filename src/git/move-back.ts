import { lstat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { MoError } from '../core/problem.ts';
import { errnoOf } from '../platform/files.ts';
import { isAncestor, treeOf } from './commit.ts';
import { line, records, type Git } from './git.ts';
import { checkoutOf, existingBranch, needClean } from './land.ts';
import { updateRef } from './refs.ts';
import type { Repository } from './repository.ts';

/** A branch of the user, `main`, and the commits it goes from and to; `to` is in the history of `from`. */
export type Back = { target: string; from: string; to: string };

/**
 * Moves a branch of the user back, and the clean checkout that is on it. The ref is swapped first, so that no commit made in between is
 * lost, and put back where the files do not follow. Throws dirty-checkout, target-moved, and has then changed nothing.
 */
export async function moveBack(repository: Repository, back: Back): Promise<void> {
  const { from, to } = back;
  const ref = await existingBranch(repository.git, back.target);
  const checkout = await checkoutOf(repository, ref);
  const move = { ref, to, expected: from, reason: 'mo: rollback' };
  if (checkout === null) return updateRef(repository.git, move);
  const git = repository.git.at(checkout);
  await needClean(git);
  await needRoom(git, back);
  // Files whose times alone have changed would count as changed.
  await git.run(['update-index', '-q', '--refresh'], { accept: [0, 1] });
  await updateRef(git, move);
  try {
    await moveFiles(git, back);
  } catch (cause) {
    await updateRef(git, { ref, to: from, expected: to, reason: 'mo: rollback refused' });
    throw cause;
  }
}

/** An owner that died may have moved the branch and not the files: then the index still holds what the branch has left. */
export async function followBack(repository: Repository, back: Back): Promise<void> {
  const ref = await existingBranch(repository.git, back.target);
  const checkout = await checkoutOf(repository, ref);
  if (checkout === null) return;
  const git = repository.git.at(checkout);
  const answer = await git.run(['write-tree'], { accept: [0, 128] });
  if (answer.exitCode !== 0 || line(answer.stdout) !== (await treeOf(git, back.from))) return;
  await moveFiles(git, back);
}

/** Whether a branch of a remote is known to hold the commit under the name of this branch, or as its upstream. */
export async function isPublished(git: Git, target: string, commit: string): Promise<boolean> {
  const named = await git.text(['for-each-ref', '--format=%(upstream)', `refs/heads/${target}`]);
  const holding = await git.text([
    'for-each-ref',
    '--format=%(refname)',
    `--contains=${commit}`,
    'refs/remotes/',
  ]);
  const upstream = line(named);
  if (upstream !== '' && !upstream.startsWith('refs/remotes/'))
    return isAncestor(git, commit, upstream);
  return holding
    .split('\n')
    .some((ref) => ref !== '' && (ref === upstream || ref.endsWith(`/${target}`)));
}

/** Index and files together; git refuses by itself what would overwrite a file that was changed or is not in git. */
async function moveFiles(git: Git, { from, to }: Back): Promise<void> {
  const answer = await git.run(['read-tree', '-m', '-u', from, to], { accept: [0, 1, 128] });
  if (answer.exitCode === 0) return;
  const { exitCode, stderr } = answer;
  const files = [
    ...stderr.matchAll(/(?:Entry|file|Updating) '([^\n]+)' (?:not uptodate|would )/g),
  ].map(([, file = '']) => file);
  if (files.length > 0) throw new MoError({ code: 'dirty-checkout', folder: git.folder, files });
  throw new MoError({ code: 'git-failed', args: ['read-tree', '-m', '-u'], exitCode, stderr });
}

/** Where a file comes back, one that git ignores may lie: read-tree would overwrite it. */
async function needRoom(git: Git, { from, to }: Back): Promise<void> {
  const [returning, going] = await Promise.all([
    namesOf(git, 'A', from, to),
    namesOf(git, 'D', from, to),
  ]);
  const leaving = new Set(going);
  const files: string[] = [];
  for (const path of returning) if (await isTaken(git.folder, path, leaving)) files.push(path);
  if (files.length > 0) throw new MoError({ code: 'dirty-checkout', folder: git.folder, files });
}

async function namesOf(git: Git, filter: 'A' | 'D', from: string, to: string): Promise<string[]> {
  const args = ['diff-tree', '-r', '-z', '--no-renames', '--name-only', `--diff-filter=${filter}`];
  return records(await git.text([...args, from, to]));
}

/** A folder in its place is for git to look into; so is a file above it that goes away. */
async function isTaken(root: string, path: string, leaving: ReadonlySet<string>): Promise<boolean> {
  try {
    return !(await lstat(join(root, path))).isDirectory();
  } catch (cause) {
    const code = errnoOf(cause);
    if (code === 'ENOENT') return false;
    if (code !== 'ENOTDIR') throw cause;
    return !hasLeavingFolder(path, leaving);
  }
}

function hasLeavingFolder(path: string, leaving: ReadonlySet<string>): boolean {
  for (let above = dirname(path); above !== '.'; above = dirname(above))
    if (leaving.has(above)) return true;
  return false;
}
