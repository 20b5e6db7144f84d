import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { ignoredChanges, listIgnored } from '../../src/git/ignored.ts';
import type { Worktree } from '../../src/git/worktree-list.ts';
import { makeSandbox, put } from './sandbox.ts';

async function withIgnored(): Promise<Worktree> {
  const { worktree } = await makeSandbox();
  const tree = await worktree('api');
  await put(tree.path, 'kept.log', 'kept');
  await put(tree.path, 'gone.log', 'gone');
  await put(tree.path, 'src/deep/行\n.log', 'log');
  await put(tree.path, 'src/deep/plain.txt', 'not ignored');
  await put(tree.path, 'node_modules/dep/index.js', 'x');
  await put(tree.path, 'node_modules/dep/lib/a.js', 'x');
  return tree;
}

test('ignored files are listed one by one, folders that are ignored as a whole as one', async () => {
  const tree = await withIgnored();
  expect([...(await listIgnored(tree)).keys()].toSorted()).toEqual([
    'gone.log',
    'kept.log',
    'node_modules/',
    'src/deep/行\n.log',
  ]);
});

test('nothing done is no change', async () => {
  const tree = await withIgnored();
  expect(await ignoredChanges(tree, await listIgnored(tree))).toEqual([]);
});

test('new, changed and removed ignored files show, also deep inside ignored folders', async () => {
  const tree = await withIgnored();
  const before = await listIgnored(tree);
  await put(tree.path, 'new.log', 'new');
  await put(tree.path, 'src/deep/行\n.log', 'gol');
  await rm(join(tree.path, 'gone.log'));
  await put(tree.path, 'node_modules/dep/lib/a.js', 'y');
  expect(await ignoredChanges(tree, before)).toEqual([
    'gone.log',
    'new.log',
    'node_modules/',
    'src/deep/行\n.log',
  ]);
});

test('a worker cannot hide a file by excluding it in the git folder', async () => {
  const { worktree, root } = await makeSandbox();
  const tree = await worktree('api');
  const before = await listIgnored(tree);
  await put(root, '.git/info/exclude', 'hidden.txt\n');
  await put(tree.path, 'hidden.txt', 'x');
  expect(await ignoredChanges(tree, before)).toEqual(['hidden.txt']);
});
