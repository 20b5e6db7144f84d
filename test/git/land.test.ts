import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { mergeIntoCheckout, type Landed } from '../../src/git/land.ts';
import { makeSandbox, pictureOf, put, type Sandbox } from './sandbox.ts';

async function setUp(
  files: Record<string, string> = { 'new.txt': 'new\n' },
): Promise<Sandbox & { commit: string; land: (target?: string) => Promise<Landed> }> {
  const sandbox = await makeSandbox();
  const { git, repository } = sandbox;
  const { path } = await sandbox.worktree('api');
  for (const [file, text] of Object.entries(files)) await put(path, file, text);
  await git(path, 'add', '--all', '--force');
  await git(path, 'commit', '--quiet', '--message=api');
  const commit = await git(path, 'rev-parse', 'HEAD');
  const land = (target = 'main'): Promise<Landed> =>
    mergeIntoCheckout(repository, { target, commit, message: 'land r-1', trailers: {} });
  return { ...sandbox, commit, land };
}

test('a target that has not moved goes forward, and its files with it', async () => {
  const { land, root, git, commit, base } = await setUp();
  expect(await land()).toEqual({ kind: 'forward', from: base, to: commit, checkout: root });
  expect(await readFile(join(root, 'new.txt'), 'utf8')).toBe('new\n');
  expect(await git(root, 'status', '--porcelain', '--branch')).toBe('## main');
});

test('a target that has moved gets a merge commit', async () => {
  const { land, root, git, commit } = await setUp();
  await put(root, 'meanwhile.txt', 'x');
  await git(root, 'add', '--all');
  await git(root, 'commit', '--quiet', '--message=meanwhile');
  const head = await git(root, 'rev-parse', 'HEAD');
  expect(await land()).toMatchObject({ kind: 'merge', from: head });
  expect(await git(root, 'log', '-1', '--format=%P %s')).toBe(`${head} ${commit} land r-1`);
  expect(await git(root, 'status', '--porcelain')).toBe('');
});

test('landing twice does nothing the second time', async () => {
  const sandbox = await setUp();
  await sandbox.land();
  const before = await pictureOf(sandbox);
  expect((await sandbox.land()).kind).toBe('nothing');
  expect(await pictureOf(sandbox)).toEqual(before);
});

test('a checkout with changes is refused and left alone', async () => {
  const sandbox = await setUp();
  await put(sandbox.root, 'a.txt', 'edited');
  const before = await pictureOf(sandbox);
  await expect(sandbox.land()).rejects.toMatchObject({
    problem: { code: 'dirty-checkout', folder: sandbox.root, files: ['a.txt'] },
  });
  expect(await pictureOf(sandbox)).toEqual(before);
});

test('an untracked file in the way is not overwritten', async () => {
  const sandbox = await setUp({ '新 file.txt': 'theirs' });
  await put(sandbox.root, '新 file.txt', 'mine');
  const before = await pictureOf(sandbox);
  await expect(sandbox.land()).rejects.toMatchObject({
    problem: { code: 'dirty-checkout', files: ['新 file.txt'] },
  });
  expect(await pictureOf(sandbox)).toEqual(before);
});

test('an ignored file in the way is not overwritten either', async () => {
  const sandbox = await setUp({ 'debug.log': 'theirs' });
  await put(sandbox.root, 'debug.log', 'mine');
  await expect(sandbox.land()).rejects.toMatchObject({ code: 'dirty-checkout' });
  expect(await readFile(join(sandbox.root, 'debug.log'), 'utf8')).toBe('mine');
});

test('an untracked file beside does not matter', async () => {
  const { land, root } = await setUp();
  await put(root, 'notes.txt', 'mine');
  expect((await land()).kind).toBe('forward');
  expect(await readFile(join(root, 'notes.txt'), 'utf8')).toBe('mine');
});

test('a conflict names the files and changes nothing', async () => {
  const sandbox = await setUp({ 'a.txt': 'theirs\n' });
  await put(sandbox.root, 'a.txt', 'ours\n');
  await sandbox.git(sandbox.root, 'commit', '--quiet', '--all', '--message=ours');
  const before = await pictureOf(sandbox);
  await expect(sandbox.land()).rejects.toMatchObject({
    problem: { code: 'merge-conflict', target: 'main', files: ['a.txt'] },
  });
  expect(await pictureOf(sandbox)).toEqual(before);
});

test('a branch that is checked out nowhere moves alone', async () => {
  const sandbox = await setUp();
  await sandbox.git(sandbox.root, 'branch', 'release');
  const { branches: _, ...before } = await pictureOf(sandbox);
  expect(await sandbox.land('release')).toMatchObject({ kind: 'forward', checkout: null });
  const { branches, ...after } = await pictureOf(sandbox);
  expect(after).toEqual(before);
  expect(branches).toContain(`${sandbox.commit} commit\trefs/heads/release`);
});

test('a branch that is checked out in another worktree moves there', async () => {
  const { land, root, git, folder } = await setUp();
  const other = join(folder, 'other\n树');
  await git(root, 'worktree', 'add', '--quiet', '-b', 'release', other);
  expect(await land('release')).toMatchObject({ checkout: other });
  expect(await readFile(join(other, 'new.txt'), 'utf8')).toBe('new\n');
  await expect(stat(join(root, 'new.txt'))).rejects.toThrow(/ENOENT/);
});

test('a target that is not where it was gated is refused', async () => {
  const { repository, commit, git, root, base } = await setUp();
  await git(root, 'commit', '--quiet', '--allow-empty', '--message=meanwhile');
  await expect(
    mergeIntoCheckout(repository, {
      target: 'main',
      commit,
      expected: base,
      message: 'm',
      trailers: {},
    }),
  ).rejects.toMatchObject({
    problem: { code: 'target-moved', ref: 'refs/heads/main', expected: base },
  });
});

test('a target that does not exist or cannot be a branch is named', async () => {
  const { land } = await setUp();
  for (const target of ['gone', '-x', 'a..b', '']) {
    await expect(land(target)).rejects.toMatchObject({ code: 'bad-input' });
  }
});
