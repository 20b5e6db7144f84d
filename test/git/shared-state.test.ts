import { expect, test } from 'vitest';
import { readSharedState, sharedChanges } from '../../src/git/shared-state.ts';
import { makeSandbox, put } from './sandbox.ts';

test('ordinary work of a worker changes nothing that is shared', async () => {
  const { repository, worktree, git } = await makeSandbox();
  const before = await readSharedState(repository);
  const tree = await worktree('api');
  await put(tree.path, 'new.txt', 'x');
  await git(tree.path, 'add', '--all');
  await git(tree.path, 'commit', '--quiet', '--message=own');
  await git(tree.path, 'update-ref', 'refs/mo/r-1/api', 'HEAD');
  const after = await readSharedState(repository);
  expect(sharedChanges(before, after)).toEqual({ settings: [], refs: [] });
});

test('a hook, a setting or an exclude that a worker plants shows', async () => {
  const { repository, root, worktree, git } = await makeSandbox();
  const tree = await worktree('api');
  const before = await readSharedState(repository);
  await git(tree.path, 'config', 'core.fsmonitor', 'evil');
  await put(root, '.git/hooks/pre-commit', '#!/bin/sh\n');
  await put(root, '.git/info/exclude', 'hidden\n');
  const after = await readSharedState(repository);
  expect(sharedChanges(before, after)).toEqual({
    settings: ['config core.fsmonitor', 'hooks/pre-commit', 'info/exclude'],
    refs: [],
  });
});

test('branches that were made, moved or deleted show', async () => {
  const { repository, root, worktree, git } = await makeSandbox();
  await git(root, 'branch', 'doomed');
  const tree = await worktree('api');
  const before = await readSharedState(repository);
  await git(tree.path, 'checkout', '--quiet', '-b', 'feature', '--track', 'main');
  await git(tree.path, 'commit', '--quiet', '--allow-empty', '--message=own');
  await git(tree.path, 'update-ref', 'refs/heads/main', 'HEAD');
  await git(tree.path, 'branch', '--quiet', '-D', 'doomed');
  const after = await readSharedState(repository);
  expect(sharedChanges(before, after)).toEqual({
    settings: [],
    refs: ['refs/heads/doomed', 'refs/heads/feature', 'refs/heads/main'],
  });
});
