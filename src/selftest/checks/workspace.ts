import { access, constants, open, readFile, rename, stat, statfs } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { runCommand } from '../../platform/process.ts';
import { fail, type Check, type CheckPlace } from '../check.ts';

export const workspace: Check = {
  name: 'workspace',
  title: 'writable workspace',
  of: 'environment',
  limitMs: 10_000,
  needs: [],
  run: lookAtFolders,
};

const leastFreeMb = 200;

/** Of the project only the rights are looked at; the writing is tried in the temp folder. */
async function lookAtFolders(place: CheckPlace): Promise<string> {
  const root = await rootOf(place);
  await needWritable(root);
  const free = await freeMb(root);
  if (free < leastFreeMb)
    fail(`Only ${free} MB are free at ${root}.`, 'Free some space: worktrees and records need it.');
  await writeAndRename(place.folder);
  return `${root}, ${free >= 10_240 ? `${Math.round(free / 1024)} GB` : `${free} MB`} free`;
}

/** The top of the repository where there is one: the workspace is there. */
async function rootOf({ project, env, signal }: CheckPlace): Promise<string> {
  const args = ['rev-parse', '--show-toplevel'];
  const asked = await runCommand('git', args, { cwd: project, env, signal });
  return asked.exitCode === 0 ? asked.stdout.replace(/\n$/, '') : project;
}

async function needWritable(root: string): Promise<void> {
  const workspaceFolder = join(root, '.agent-workspace');
  const found = await stat(workspaceFolder).catch(() => null);
  if (found !== null && !found.isDirectory())
    fail(`${workspaceFolder} is a file.`, 'Move it away: mo keeps its runs in a folder there.');
  const folder = found === null ? dirname(workspaceFolder) : workspaceFolder;
  await access(folder, constants.W_OK | constants.X_OK).catch(() =>
    fail(`mo cannot write to ${folder}.`, 'Make the folder writable for you.'),
  );
}

async function freeMb(folder: string): Promise<number> {
  const { bavail, bsize } = await statfs(folder);
  return Math.floor((bavail * bsize) / 2 ** 20);
}

async function writeAndRename(folder: string): Promise<void> {
  const file = await open(join(folder, 'new'), 'wx', 0o600);
  try {
    await file.writeFile('selftest');
    await file.sync();
  } finally {
    await file.close();
  }
  await rename(join(folder, 'new'), join(folder, 'old'));
  if ((await readFile(join(folder, 'old'), 'utf8')) !== 'selftest')
    fail(
      `What is written to ${folder} does not come back.`,
      'Set TMPDIR to a folder on another disk.',
    );
}
