import { mkdir, readdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { MoError } from '../core/problem.ts';
import { environment } from '../platform/environment.ts';
import { errnoOf, fileProblem } from '../platform/files.ts';
import { runCommand } from '../platform/process.ts';
import { sampleFiles } from './sample-files.ts';

/**
 * A small Node project with passing tests as a git repository: one commit on branch main. The folder is made where there is none.
 * Throws `bad-input` before anything is written where it is a file, or holds something.
 */
export async function makeSampleRepository(folder: string): Promise<void> {
  await refuseUnlessEmpty(folder);
  await writeFiles(folder);
  // Whatever git is set to on this machine: the sample is the same everywhere.
  await git(folder, ['init', '--quiet', '--template=', '--initial-branch=main']);
  await git(folder, ['config', 'user.name', 'mo sample']);
  await git(folder, ['config', 'user.email', 'sample@localhost']);
  await git(folder, ['config', 'commit.gpgsign', 'false']);
  await git(folder, ['add', '--all']);
  await git(folder, ['commit', '--quiet', '--message', 'Todos, lists and comments over HTTP']);
}

async function refuseUnlessEmpty(folder: string): Promise<void> {
  const found = await entriesOf(folder);
  if (found !== 'a file' && found.length === 0) return;
  throw new MoError({
    code: 'bad-input',
    what:
      found === 'a file'
        ? `${folder} is a file, or below one.`
        : `The folder ${folder} is not empty.`,
    fix: 'Name a new one: what is there would be overwritten.',
  });
}

async function entriesOf(folder: string): Promise<string[] | 'a file'> {
  try {
    return await readdir(folder);
  } catch (cause) {
    const reason = errnoOf(cause);
    if (reason === 'ENOENT') return [];
    if (reason === 'ENOTDIR') return 'a file';
    throw fileProblem(folder, cause);
  }
}

async function writeFiles(folder: string): Promise<void> {
  for (const [path, text] of Object.entries(sampleFiles)) {
    const file = join(folder, path);
    try {
      await mkdir(dirname(file), { recursive: true });
      await writeFile(file, text);
    } catch (cause) {
      throw fileProblem(file, cause);
    }
  }
}

async function git(folder: string, args: readonly string[]): Promise<void> {
  const { PATH, HOME } = environment();
  // Nothing else is passed on: a GIT_DIR of the caller would make this a commit in the caller's repository.
  const env = { PATH, HOME, GIT_CONFIG_GLOBAL: '/dev/null', GIT_CONFIG_NOSYSTEM: '1' };
  const result = await runCommand('git', args, { cwd: folder, env });
  if (result.exitCode === 0) return;
  const stderr = result.startError === null ? result.stderr : `git: ${result.startError}`;
  throw new MoError({ code: 'git-failed', args, exitCode: result.exitCode, stderr });
}
