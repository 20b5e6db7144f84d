import { lstat, readFile, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { checkoutCommit } from '../../src/git/checkout.ts';
import { copyPaths, linkPaths } from '../../src/git/set-up-paths.ts';
import { commitWork } from '../../src/git/snapshot.ts';
import { holdsTree } from '../../src/git/work-tree.ts';
import { makeSandbox, put } from './sandbox.ts';

test('tracked files are reset, untracked ones removed, ignored ones kept', async () => {
  const { worktree, base, git } = await makeSandbox();
  const tree = await worktree('landing');
  await put(tree.path, 'a.txt', 'changed');
  await put(tree.path, 'untracked/x', 'x');
  await put(tree.path, 'node_modules/dep.js', 'x');
  await git(tree.path, 'init', '--quiet', 'inner');
  await git(tree.path, 'checkout', '--quiet', '-b', 'side');
  await git(tree.path, 'update-index', '--skip-worktree', 'a.txt');
  await checkoutCommit(tree, base);
  expect((await readdir(tree.path)).toSorted()).toEqual([
    '.git',
    '.gitignore',
    'a.txt',
    'node_modules',
    'src',
  ]);
  expect(await readFile(join(tree.path, 'a.txt'), 'utf8')).toMatch(/^one/);
  expect(await git(tree.path, 'rev-parse', '--abbrev-ref', 'HEAD')).toBe('HEAD');
});

test('a worktree goes from commit to commit and mo goes on seeing its changes', async () => {
  const { worktree, base } = await makeSandbox();
  const tree = await worktree('landing');
  await put(tree.path, 'new.txt', 'x');
  const work = await commitWork(tree, { base, message: 'm', trailers: {} });
  await checkoutCommit(tree, base);
  expect(await readdir(tree.path)).not.toContain('new.txt');
  await checkoutCommit(tree, work.commit);
  expect(await readdir(tree.path)).toContain('new.txt');
  expect(await holdsTree(tree, work.tree)).toBe(true);
  await put(tree.path, 'new.txt', 'y');
  expect(await holdsTree(tree, work.tree)).toBe(false);
});

test('what was linked and copied survives a reset', async () => {
  const { worktree, base, root } = await makeSandbox();
  await put(root, 'node_modules/dep.js', 'x');
  await put(root, 'odd [name]', 'x');
  const tree = await worktree('landing');
  await linkPaths(root, tree, ['node_modules']);
  await copyPaths(root, tree, ['odd [name]']);
  await checkoutCommit(tree, base);
  expect((await lstat(join(tree.path, 'node_modules'))).isSymbolicLink()).toBe(true);
  expect(await readFile(join(tree.path, 'odd [name]'), 'utf8')).toBe('x');
});
