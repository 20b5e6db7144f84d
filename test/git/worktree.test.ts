import { chmod, mkdir, readFile, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { expect, test } from 'vitest';
import { parkedRef, readRef } from '../../src/git/refs.ts';
import {
  addWorktree,
  openWorktree,
  pruneWorktrees,
  removeWorktree,
} from '../../src/git/worktree.ts';
import { listWorktrees } from '../../src/git/worktree-list.ts';
import { makeSandbox, put, worktreePath } from './sandbox.ts';

const parkTo = parkedRef('r-1', 'api', 1);

test('a worktree stands on its base with a detached HEAD', async () => {
  const { worktree, git, base } = await makeSandbox();
  const tree = await worktree('api');
  expect(await git(tree.path, 'rev-parse', 'HEAD', '--abbrev-ref', 'HEAD')).toBe(`${base}\nHEAD`);
  expect(await readFile(join(tree.path, 'src/b.txt'), 'utf8')).toBe('b\n');
});

test('twenty worktrees asked for at once are all made', async () => {
  const { worktree, root, repository } = await makeSandbox();
  const names = Array.from({ length: 20 }, (_, index) => `node-${index}`);
  const made = await Promise.all(names.map(worktree));
  expect(made.map((one) => one.path)).toEqual(names.map((name) => worktreePath(root, name)));
  expect(await listWorktrees(repository)).toHaveLength(21);
});

test('two who ask for the same worktree at once get the same one', async () => {
  const { worktree, repository } = await makeSandbox();
  const [one, other] = await Promise.all([worktree('api'), worktree('api')]);
  expect(one.gitDir).toBe(other.gitDir);
  expect(await listWorktrees(repository)).toHaveLength(2);
});

test('asking again gives the worktree back as the worker left it', async () => {
  const { worktree } = await makeSandbox();
  const first = await worktree('api');
  await put(first.path, 'half.txt', 'done');
  expect((await worktree('api')).gitDir).toBe(first.gitDir);
  expect(await readFile(join(first.path, 'half.txt'), 'utf8')).toBe('done');
});

test('a worktree whose making was cut off is made anew', async () => {
  const { worktree } = await makeSandbox();
  const first = await worktree('api');
  await writeFile(join(first.gitDir, 'locked'), 'initializing');
  await rm(join(first.path, 'a.txt'));
  const again = await worktree('api');
  expect(await readdir(again.path)).toContain('a.txt');
});

test('a folder in the way is moved aside, not deleted', async () => {
  const { worktree, root } = await makeSandbox();
  const path = worktreePath(root, 'api');
  await put(path, 'precious.txt', 'x');
  await worktree('api');
  const names = await readdir(dirname(path));
  const aside = names.find((name) => name.startsWith('api.left-')) ?? 'none';
  expect(await readFile(join(dirname(path), aside, 'precious.txt'), 'utf8')).toBe('x');
});

test('a worktree whose folder was deleted is made anew', async () => {
  const { worktree } = await makeSandbox();
  const first = await worktree('api');
  await rm(first.path, { recursive: true });
  expect(await readdir((await worktree('api')).path)).toContain('a.txt');
});

test('opening finds a worktree made earlier, and nothing where there is none', async () => {
  const { worktree, repository, root } = await makeSandbox();
  const made = await worktree('api');
  expect((await openWorktree(repository, made.path))?.gitDir).toBe(made.gitDir);
  expect(await openWorktree(repository, worktreePath(root, 'other'))).toBeNull();
  expect(await openWorktree(repository, root)).toBeNull();
});

test('`git worktree prune` of the user does not take a damaged worktree away', async () => {
  const { worktree, repository, root, git } = await makeSandbox();
  const made = await worktree('api');
  await rm(join(made.path, '.git'));
  await git(root, 'worktree', 'prune', '--expire=now');
  expect(await openWorktree(repository, made.path)).not.toBeNull();
});

test('removing parks what was left, then leaves neither folder nor registration', async () => {
  const { worktree, repository, git, root } = await makeSandbox();
  const tree = await worktree('api');
  await put(tree.path, 'left.txt', 'precious');
  const parked = await removeWorktree(repository, tree, parkTo);
  expect(await git(root, 'show', `${parked.commit ?? ''}:left.txt`)).toBe('precious');
  await expect(stat(tree.path)).rejects.toThrow(/ENOENT/);
  expect(await listWorktrees(repository)).toHaveLength(1);
});

test('write-protected folders and a damaged .git do not stop a removal', async () => {
  const { worktree, repository } = await makeSandbox();
  const tree = await worktree('api');
  await put(tree.path, 'node_modules/cache/file', 'x');
  await chmod(join(tree.path, 'node_modules/cache'), 0o555);
  await rm(join(tree.path, '.git'));
  await mkdir(join(tree.path, '.git'));
  await removeWorktree(repository, tree, parkTo);
  expect(await listWorktrees(repository)).toHaveLength(1);
});

test('removing a worktree whose folder is gone forgets it', async () => {
  const { worktree, repository } = await makeSandbox();
  const tree = await worktree('api');
  await rm(tree.path, { recursive: true });
  const parked = await removeWorktree(repository, tree, parkTo);
  expect(parked).toEqual({ commit: null, ignored: [] });
  expect(await readRef(repository.git, parkTo)).toBeNull();
  expect(await listWorktrees(repository)).toHaveLength(1);
});

test("pruning forgets mo's missing worktrees and leaves those of the user", async () => {
  const { worktree, repository, folder, root, git } = await makeSandbox();
  const gone = await worktree('gone');
  await worktree('there');
  const users = join(folder, 'unplugged');
  await git(root, 'worktree', 'add', '--quiet', '--detach', users);
  await rm(gone.path, { recursive: true });
  await rm(users, { recursive: true });
  expect(await pruneWorktrees(repository, join(root, '.agent-workspace/worktrees'))).toEqual([
    gone.path,
  ]);
  expect(await listWorktrees(repository)).toHaveLength(3);
});

test('a base that does not exist is refused and the next call works', async () => {
  const { repository, root, base } = await makeSandbox();
  const path = worktreePath(root, 'api');
  await expect(addWorktree(repository, { path, base: 'f'.repeat(40) })).rejects.toMatchObject({
    code: 'git-failed',
  });
  expect((await addWorktree(repository, { path, base })).path).toBe(path);
});
