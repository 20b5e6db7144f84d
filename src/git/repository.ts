import { MoError } from '../core/problem.ts';
import { isFolder } from './git-error.ts';
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
  await needVersion(outer);
  if (line(await outer.text(['rev-parse', '--is-inside-work-tree'])) !== 'true') {
    throw new MoError({ code: 'no-checkout', folder });
  }
  const root = await pathOf(outer, '--show-toplevel');
  const git = outer.at(root);
  const [gitDir, commonDir, head, branch] = await Promise.all([
    pathOf(git, '--absolute-git-dir'),
    pathOf(git, '--git-common-dir'),
    headOf(git),
    branchOf(git),
  ]);
  if (head === null) throw new MoError({ code: 'no-commits', folder: root });
  return { root, gitDir, commonDir, head, branch, git };
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

/** The branch a checkout is on, or null when its HEAD is detached. */
export async function branchOf(git: Git): Promise<string | null> {
  const answer = await git.run(['symbolic-ref', '--quiet', 'HEAD'], { accept: [0, 1, 128] });
  if (answer.exitCode !== 0) return null;
  return line(answer.stdout).replace(/^refs\/heads\//, '');
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
