import { lstat, readFile, readlink, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { copyPaths, linkPaths } from '../../src/git/set-up-paths.ts';
import { commitWork } from '../../src/git/snapshot.ts';
import { makeSandbox, put, type Sandbox } from './sandbox.ts';
import type { Worktree } from '../../src/git/worktree-list.ts';

async function setUp(): Promise<Sandbox & { tree: Worktree }> {
  const sandbox = await makeSandbox();
  await put(sandbox.root, 'node_modules/dep/index.js', 'x');
  await put(sandbox.root, 'packages/one/node_modules/dep.js', 'x');
  await put(sandbox.root, '.env.test', 'KEY=1');
  return { ...sandbox, tree: await sandbox.worktree('api') };
}

test('a link shows what the checkout of the user holds', async () => {
  const { root, tree } = await setUp();
  const paths = ['node_modules', 'packages/one/node_modules'];
  expect(await linkPaths(root, tree, [...paths, 'missing'])).toEqual(paths);
  expect(await readlink(join(tree.path, 'node_modules'))).toBe(join(root, 'node_modules'));
  expect(await readFile(join(tree.path, 'packages/one/node_modules/dep.js'), 'utf8')).toBe('x');
});

test('a copy is a file of its own', async () => {
  const { root, tree } = await setUp();
  await copyPaths(root, tree, ['.env.test']);
  await put(tree.path, '.env.test', 'KEY=2');
  expect(await readFile(join(root, '.env.test'), 'utf8')).toBe('KEY=1');
});

test('asking again changes nothing', async () => {
  const { root, tree } = await setUp();
  await linkPaths(root, tree, ['node_modules']);
  expect(await linkPaths(root, tree, ['node_modules'])).toEqual(['node_modules']);
  expect((await lstat(join(tree.path, 'node_modules'))).isSymbolicLink()).toBe(true);
});

test('what was set up is never committed, even when the worker adds it', async () => {
  const { root, tree, git, base } = await setUp();
  await linkPaths(root, tree, ['node_modules']);
  await copyPaths(root, tree, ['.env.test']);
  await put(tree.path, 'real.txt', 'x');
  await git(tree.path, 'add', '--all');
  await git(tree.path, 'commit', '--quiet', '--message=everything');
  const work = await commitWork(tree, { base, message: 'm', trailers: {} });
  expect(work.changes.map((one) => one.path)).toEqual(['real.txt']);
});

test('paths that leave the repository are refused', async () => {
  const { root, tree } = await setUp();
  for (const path of ['..', '../x', 'a/../../x', '/etc', '', '.', '.git', 'a/.GIT/x', 'a\0b']) {
    await expect(linkPaths(root, tree, [path])).rejects.toMatchObject({ code: 'bad-input' });
  }
});

test('a path the repository tracks is refused', async () => {
  const { root, tree } = await setUp();
  await expect(copyPaths(root, tree, ['a.txt'])).rejects.toThrow(/tracks/);
});

test('a tracked link does not lead a path out of the worktree', async () => {
  const { root, tree, folder } = await setUp();
  await put(root, 'out/x', 'x');
  await symlink(folder, join(tree.path, 'out'));
  await expect(copyPaths(root, tree, ['out/x'])).rejects.toThrow(/passes through a link/);
});
