import { MoError } from '../core/problem.ts';
import { isFolder } from './git-error.ts';
import { newId } from '../platform/ids.ts';
import { createGit, line, type Git, type GitOptions } from './git.ts';

/** All paths are absolute and real. */
export type Repository = {
  /** The top of the checkout the given folder is in; a linked worktree has its own. */
  root: string;
  /** The git folder of this checkout. */
  gitDir: string;
  /** The git folder all worktrees share: objects, refs, config. */
  commonDir: string;
  /** The commit of HEAD when the repository was opened. */
  head: string;
  /** The branch checked out then, `main`; null when HEAD is detached. */
  branch: string | null;
  git: Git;
};

/** `git merge-tree --write-tree` came with it. */
const neededVersion = '2.38.0';

/** Throws folder-missing, not-a-repository, no-checkout, no-commits, git-too-old. */
export async function openRepository(folder: string, options: GitOptions): Promise<Repository> {
  if (!(await isFolder(folder))) throw new MoError({ code: 'folder-missing', folder });
  const outer = createGit(folder, options);
  const [, found] = await Promise.all([needVersion(outer), readAtOnce(outer)]);
  const { root, ...rest } = found ?? (await readOneByOne(outer));
  return { root, ...rest, git: outer.at(root) };
}

type Found = Omit<Repository, 'git'>;

/**
 * One call instead of six; null where something is in the way, which the single questions name. rev-parse gives back an option it does not
 * know, which tells the answers apart: a path may hold line breaks, but not a mark nobody knew before.
 */
async function readAtOnce(git: Git): Promise<Found | null> {
  const mark = `--mo-${newId()}`;
  const questions = ['--show-toplevel', '--absolute-git-dir', '--git-common-dir', 'HEAD^{commit}'];
  const answer = await git.run(
    [
      'rev-parse',
      '--path-format=absolute',
      ...questions.flatMap((question) => [question, mark]),
      '--symbolic-full-name',
      'HEAD',
    ],
    { accept: [0, 1, 128] },
  );
  const [root, gitDir, commonDir, head, name] = answer.stdout.split(`\n${mark}\n`);
  const isWhole = answer.exitCode === 0 && name !== undefined && name.endsWith('\n');
  if (!isWhole || !root || !gitDir || !commonDir || !head) return null;
  return { root, gitDir, commonDir, head, branch: branchNamed(line(name)) };
}

async function readOneByOne(outer: Git): Promise<Found> {
  const { folder } = outer;
  if (line(await outer.text(['rev-parse', '--is-inside-work-tree'])) !== 'true') {
    throw new MoError({ code: 'no-checkout', folder });
  }
  const root = await pathOf(outer, '--show-toplevel');
  const git = outer.at(root);
  const [gitDir, commonDir, { head, branch }] = await Promise.all([
    pathOf(git, '--absolute-git-dir'),
    pathOf(git, '--git-common-dir'),
    standOf(git),
  ]);
  if (head === null) throw new MoError({ code: 'no-commits', folder: root });
  return { root, gitDir, commonDir, head, branch };
}

/** `2.39.5`. Throws git-failed when there is no git. */
export async function gitVersion(git: Git): Promise<string> {
  const text = await git.text(['version']);
  return /[0-9]+(\.[0-9]+)+/.exec(text)?.[0] ?? text.trim();
}

/** The commit a checkout stands on, or null when it has none. */
export async function headOf(git: Git): Promise<string | null> {
  const answer = await git.run(['rev-parse', '--verify', '--quiet', 'HEAD^{commit}'], {
    accept: [0, 1, 128],
  });
  return answer.exitCode === 0 ? line(answer.stdout) : null;
}

/** Where a checkout stands; the commit is null when it has none, the branch when its HEAD is detached. */
export async function standOf(git: Git): Promise<{ head: string | null; branch: string | null }> {
  const both = await git.run(['rev-parse', 'HEAD^{commit}', '--symbolic-full-name', 'HEAD'], {
    accept: [0, 1, 128],
  });
  const [head, name, ...more] = both.stdout.split('\n');
  if (both.exitCode === 0 && head && name && more.join('') === '')
    return { head, branch: branchNamed(name) };
  const [single, branch] = await Promise.all([headOf(git), branchOf(git)]);
  return { head: single, branch };
}

async function branchOf(git: Git): Promise<string | null> {
  const answer = await git.run(['symbolic-ref', '--quiet', 'HEAD'], { accept: [0, 1, 128] });
  return answer.exitCode === 0 ? branchNamed(line(answer.stdout)) : null;
}

/** By its full name, which is `HEAD` where it is on none. */
function branchNamed(name: string): string | null {
  return name === 'HEAD' ? null : name.replace(/^refs\/heads\//, '');
}

async function needVersion(git: Git): Promise<void> {
  const found = await gitVersion(git);
  if (!isAtLeast(found, neededVersion)) {
    throw new MoError({ code: 'git-too-old', found, needed: neededVersion });
  }
}

export function isAtLeast(found: string, needed: string): boolean {
  const have = found.split('.').map(Number);
  for (const [index, part] of needed.split('.').map(Number).entries()) {
    const own = have[index] ?? 0;
    if (own !== part) return own > part;
  }
  return true;
}

/** One call a path: rev-parse has no -z, and a path may hold line breaks. */
async function pathOf(git: Git, question: string): Promise<string> {
  return line(await git.text(['rev-parse', '--path-format=absolute', question]));
}
