import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { changedSettings, readSharedSettings } from '../../src/git/shared-settings.ts';
import { makeSandbox, put } from './sandbox.ts';

test('ordinary work of a worker changes nothing that is shared', async () => {
  const { repository, worktree, git } = await makeSandbox();
  const before = await readSharedSettings(repository);
  const tree = await worktree('api');
  await put(tree.path, 'new.txt', 'x');
  await git(tree.path, 'add', '--all');
  await git(tree.path, 'commit', '--quiet', '--message=own');
  await git(tree.path, 'update-ref', 'refs/mo/r-1/api', 'HEAD');
  const after = await readSharedSettings(repository);
  expect(changedSettings(before, after)).toEqual([]);
});

test('a hook, a setting or an exclude that a worker plants shows', async () => {
  const { repository, root, worktree, git } = await makeSandbox();
  const tree = await worktree('api');
  const before = await readSharedSettings(repository);
  await git(tree.path, 'config', 'core.fsmonitor', 'evil');
  await put(root, '.git/hooks/pre-commit', '#!/bin/sh\n');
  await put(root, '.git/info/exclude', 'hidden\n');
  const after = await readSharedSettings(repository);
  expect(changedSettings(before, after)).toEqual([
    'config core.fsmonitor',
    'hooks/pre-commit',
    'info/exclude',
  ]);
});

test('a setting that is planted, taken back and planted again shows each time', async () => {
  const { repository, root, git } = await makeSandbox();
  const before = await readSharedSettings(repository);
  const seen: string[][] = [];
  for (const args of [
    ['core.fsmonitor', 'evil'],
    ['--unset', 'core.fsmonitor'],
    ['core.pager', 'x'],
  ]) {
    await git(root, 'config', ...args);
    seen.push(changedSettings(before, await readSharedSettings(repository)));
  }
  await git(root, 'config', 'branch.side.remote', 'origin');
  seen.push(changedSettings(before, await readSharedSettings(repository)));
  expect(seen).toEqual([
    ['config core.fsmonitor'],
    [],
    ['config core.pager'],
    ['config core.pager'],
  ]);
});

test('a config that is gone shows', async () => {
  const { repository, root } = await makeSandbox();
  const before = await readSharedSettings(repository);
  await rm(join(root, '.git/config'));
  expect(changedSettings(before, await readSharedSettings(repository))).toContain(
    'config core.bare',
  );
});
