import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { parkWorktree } from '../../src/git/park.ts';
import { parkedRef, readRef } from '../../src/git/refs.ts';
import { commitWork } from '../../src/git/snapshot.ts';
import { makeSandbox, put } from './sandbox.ts';

const ref = parkedRef('r-1', 'api', 2);

test('a worktree that holds nothing of its own parks nothing', async () => {
  const { worktree, repository } = await makeSandbox();
  expect(await parkWorktree(await worktree('api'), ref)).toEqual({ commit: null, ignored: [] });
  expect(await readRef(repository.git, ref)).toBeNull();
});

test('uncommitted and untracked files are parked, ignored ones are named', async () => {
  const { worktree, git, root } = await makeSandbox();
  const tree = await worktree('api');
  await put(tree.path, 'a.txt', 'changed\n');
  await put(tree.path, 'untracked\n文件', 'u');
  await put(tree.path, 'debug.log', 'x');
  const parked = await parkWorktree(tree, ref);
  expect(parked.ignored).toEqual(['debug.log']);
  expect(await git(root, 'show', `${ref}:a.txt`)).toBe('changed');
  expect(await git(root, 'show', `${ref}:untracked\n文件`)).toBe('u');
});

test('parking leaves HEAD, index and files of the worktree as they are', async () => {
  const { worktree, git } = await makeSandbox();
  const tree = await worktree('api');
  await put(tree.path, 'staged.txt', 's');
  await git(tree.path, 'add', '--all');
  await put(tree.path, 'untracked.txt', 'u');
  const index = await readFile(join(tree.gitDir, 'index'));
  const head = await readFile(join(tree.gitDir, 'HEAD'), 'utf8');
  await parkWorktree(tree, ref);
  expect(await readFile(join(tree.gitDir, 'index'))).toEqual(index);
  expect(await readFile(join(tree.gitDir, 'HEAD'), 'utf8')).toBe(head);
});

test('commits that no ref holds are parked too', async () => {
  const { worktree, git, repository, base } = await makeSandbox();
  const tree = await worktree('api');
  await put(tree.path, 'new.txt', 'x');
  const work = await commitWork(tree, { base, message: 'work', trailers: {} });
  expect((await parkWorktree(tree, ref)).commit).toBe(work.commit);
  expect(await readRef(repository.git, ref)).toBe(work.commit);
  expect(await git(tree.path, 'status', '--porcelain')).toBe('');
});

test('commits that a ref holds are not parked', async () => {
  const { worktree, git, repository, base } = await makeSandbox();
  const tree = await worktree('api');
  await put(tree.path, 'new.txt', 'x');
  const work = await commitWork(tree, { base, message: 'work', trailers: {} });
  await git(tree.path, 'update-ref', 'refs/mo/r-1/api', work.commit);
  expect((await parkWorktree(tree, ref)).commit).toBeNull();
  expect(await readRef(repository.git, ref)).toBeNull();
});

test('parking again after a crash makes nothing new, parking more keeps the first', async () => {
  const { worktree, git, root } = await makeSandbox();
  const tree = await worktree('api');
  await put(tree.path, 'first.txt', '1');
  const first = await parkWorktree(tree, ref);
  expect(await parkWorktree(tree, ref)).toEqual(first);
  await git(tree.path, 'clean', '--quiet', '-fd');
  await put(tree.path, 'second.txt', '2');
  await parkWorktree(tree, ref);
  const held = await git(root, 'log', '--format=%H', ref);
  expect(held).toContain(first.commit);
  expect(await git(root, 'show', `${ref}:second.txt`)).toBe('2');
});

test('a HEAD that is no commit does not stop parking', async () => {
  const { worktree, git, root } = await makeSandbox();
  const tree = await worktree('api');
  await writeFile(join(tree.gitDir, 'HEAD'), `${await git(root, 'rev-parse', 'HEAD^{tree}')}\n`);
  await parkWorktree(tree, ref);
  expect(await git(root, 'show', `${ref}:src/b.txt`)).toBe('b');
});
