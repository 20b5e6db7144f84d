import { execFile } from 'node:child_process';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { createGit } from '../../src/git/git.ts';
import { updateRef } from '../../src/git/refs.ts';
import type { Clock } from '../../src/platform/clock.ts';
import { emptyFolder, makeSandbox, put } from './sandbox.ts';

const stillClock: Clock = { now: () => 0, monotonic: () => 0, sleep: () => Promise.resolve() };

test('a surrounding git hook does not lead the door to another repository', async () => {
  const { root, env } = await makeSandbox();
  const git = createGit(root, {
    env: { ...env, GIT_DIR: '/nowhere', GIT_WORK_TREE: '/', GIT_INDEX_FILE: '/nowhere/index' },
  });
  expect(await git.text(['ls-files', '-z'])).toContain('a.txt\0');
});

test('a call waits while another process holds the lock', async () => {
  const { root, env, base } = await makeSandbox();
  const lock = join(root, '.git/refs/heads/other.lock');
  await put(root, '.git/refs/heads/other.lock', '');
  const clock = { ...stillClock, sleep: () => rm(lock, { force: true }) };
  const git = createGit(root, { env, clock });
  await updateRef(git, { ref: 'refs/heads/other', to: base, expected: null, reason: 'test' });
  expect(await git.text(['rev-parse', 'refs/heads/other'])).toBe(`${base}\n`);
});

test('a lock nobody gives back ends in an error that names it', async () => {
  const { root, env, base } = await makeSandbox();
  await put(root, '.git/refs/heads/other.lock', '');
  const git = createGit(root, { env, clock: stillClock });
  await expect(
    updateRef(git, { ref: 'refs/heads/other', to: base, expected: null, reason: 'test' }),
  ).rejects.toThrow(/other\.lock/);
});

test('a failure carries what git said', async () => {
  const { root, env } = await makeSandbox();
  await expect(
    createGit(root, { env }).text(['rev-parse', '--verify', 'nope']),
  ).rejects.toMatchObject({
    problem: { code: 'git-failed', exitCode: 128, args: ['rev-parse', '--verify', 'nope'] },
  });
});

test('a folder that is gone is named', async () => {
  const folder = join(await emptyFolder(), 'gone');
  const { env } = await makeSandbox();
  await expect(createGit(folder, { env }).text(['version'])).rejects.toMatchObject({
    problem: { code: 'folder-missing', folder },
  });
});

test('a machine without git is told so', async () => {
  const folder = await emptyFolder();
  await expect(createGit(folder, { env: { PATH: folder } }).text(['version'])).rejects.toThrow(
    /git is not on the PATH/,
  );
});

test('an aborted signal ends a call with its reason', async () => {
  const { root, env } = await makeSandbox();
  const stopped = AbortSignal.abort(new Error('told to stop'));
  const git = createGit(root, { env, signal: stopped });
  await expect(git.text(['version'])).rejects.toThrow('told to stop');
});

test('a signal that is aborted while git runs ends it', async () => {
  const { folder, root, env } = await makeSandbox();
  const pipe = join(folder, 'pipe');
  await promisify(execFile)('mkfifo', [pipe]);
  const controller = new AbortController();
  const git = createGit(root, { env, signal: controller.signal });
  // Nobody ever writes into the pipe, so git would read for ever.
  const waiting = git.text(['hash-object', '--no-filters', pipe]);
  controller.abort(new Error('told to stop'));
  await expect(waiting).rejects.toThrow('told to stop');
});
