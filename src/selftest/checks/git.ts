import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { openRepository } from '../../git/repository.ts';
import { MoError } from '../../core/problem.ts';
import { runCommand } from '../../platform/process.ts';
import { fail, type Check, type CheckPlace } from '../check.ts';
import { makeSampleRepository } from '../sample-repository.ts';

export const git: Check = {
  name: 'git',
  title: 'git',
  of: 'environment',
  limitMs: 20_000,
  needs: [],
  run: useGit,
};

const install = 'Install git 2.38 or newer and put it on the PATH.';

/** What mo asks of git, once each: a repository, a detached worktree, a commit there, a merge without a checkout, a guarded update. */
async function useGit({ folder, env, signal }: CheckPlace): Promise<string> {
  const version = await runCommand('git', ['--version'], { cwd: folder, env, signal });
  if (version.exitCode !== 0)
    fail(`git is not on the PATH: ${version.startError ?? 'it fails'}.`, install);
  const found = /\d+\.\d+(\.\d+)?/.exec(version.stdout)?.[0] ?? version.stdout.trim();
  const main = join(folder, 'repository');
  await mkdir(main);
  await makeSampleRepository(main);
  try {
    const repository = await openRepository(main, { env, signal });
    const worktree = join(folder, 'worktree');
    await repository.git.text(['worktree', 'add', '--quiet', '--detach', worktree, 'HEAD']);
    const there = repository.git.at(worktree);
    await there.text(['commit', '--quiet', '--allow-empty', '--message', 'selftest']);
    const commit = (await there.text(['rev-parse', 'HEAD'])).trim();
    await repository.git.text(['merge-tree', '--write-tree', 'main', commit]);
    await repository.git.text([
      'update-ref',
      'refs/mo/selftest',
      commit,
      '0'.repeat(commit.length),
    ]);
    await repository.git.text(['worktree', 'remove', '--force', worktree]);
  } catch (error) {
    if (!(error instanceof MoError)) throw error;
    if (error.problem.code !== 'git-failed')
      fail(error.message.split(/(?<=\.) /)[0] ?? '', install);
    throw error;
  }
  return `${found}: worktrees, merge-tree, guarded refs`;
}
