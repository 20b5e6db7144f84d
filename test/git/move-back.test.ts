import { readFile, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { mergeIntoCheckout } from '../../src/git/land.ts';
import { followBack, isPublished, moveBack } from '../../src/git/move-back.ts';
import { makeSandbox, pictureOf, put } from './sandbox.ts';

/** `main` has taken up a commit that adds `new.txt`, changes `a.txt` and removes `src/b.txt`. */
async function landed() {
  const sandbox = await makeSandbox();
  const { git, repository, root } = sandbox;
  const { path } = await sandbox.worktree('api');
  await put(path, 'new.txt', 'new\n');
  await put(path, 'a.txt', 'other\n');
  await rm(join(path, 'src/b.txt'));
  await git(path, 'add', '--all');
  await git(path, 'commit', '--quiet', '--message=api');
  const commit = await git(path, 'rev-parse', 'HEAD');
  const landing = { target: 'main', commit, message: 'land r-1', trailers: {} };
  const { from, to } = await mergeIntoCheckout(repository, landing);
  const back = { target: 'main', from: to, to: from };
  return { ...sandbox, root, back, takeBack: () => moveBack(repository, back) };
}

test('the branch goes back, and its checkout with it', async () => {
  const { takeBack, root, git, back } = await landed();
  await put(root, 'notes.txt', 'mine');
  await takeBack();
  expect(await git(root, 'rev-parse', 'main')).toBe(back.to);
  expect(await git(root, 'status', '--porcelain', '--branch')).toBe('## main\n?? notes.txt');
  expect(await readFile(join(root, 'a.txt'), 'utf8')).toBe('one\ntwo\nthree\nfour\nfive\n');
  await expect(stat(join(root, 'new.txt'))).rejects.toThrow('ENOENT');
});

test('a branch that is checked out in a linked worktree goes back there', async () => {
  const { takeBack, root, git, folder } = await landed();
  await git(root, 'switch', '--quiet', '--detach');
  const linked = join(folder, 'linked');
  await git(root, 'worktree', 'add', '--quiet', linked, 'main');
  await takeBack();
  expect(await git(linked, 'status', '--porcelain', '--branch')).toBe('## main');
  expect(await readFile(join(linked, 'src/b.txt'), 'utf8')).toBe('b\n');
  expect(await readFile(join(root, 'new.txt'), 'utf8')).toBe('new\n');
});

test('a branch that is checked out nowhere goes back alone', async () => {
  const { takeBack, root, git, back } = await landed();
  await git(root, 'switch', '--quiet', '--detach');
  await takeBack();
  expect(await git(root, 'rev-parse', 'main')).toBe(back.to);
  expect(await git(root, 'rev-parse', 'HEAD')).toBe(back.from);
});

test('a checkout with changes is refused and left alone', async () => {
  const sandbox = await landed();
  await put(sandbox.root, '.gitignore', 'edited');
  const before = await pictureOf(sandbox);
  await expect(sandbox.takeBack()).rejects.toMatchObject({ code: 'dirty-checkout' });
  expect(await pictureOf(sandbox)).toEqual(before);
});

test('a file that lies where one comes back is not overwritten, nor is one that git ignores', async () => {
  const sandbox = await landed();
  await put(sandbox.root, 'src/b.txt', 'mine');
  await put(sandbox.root, '.git/info/exclude', 'src/b.txt\n');
  const before = await pictureOf(sandbox);
  await expect(sandbox.takeBack()).rejects.toMatchObject({
    problem: { code: 'dirty-checkout', files: ['src/b.txt'] },
  });
  expect(await pictureOf(sandbox)).toEqual(before);
});

test('where the files cannot follow, the branch stays', async () => {
  const sandbox = await landed();
  await put(sandbox.root, 'src/b.txt/mine', 'mine');
  const before = await pictureOf(sandbox);
  await expect(sandbox.takeBack()).rejects.toMatchObject({
    problem: { code: 'dirty-checkout', files: ['src/b.txt'] },
  });
  expect(await pictureOf(sandbox)).toMatchObject({ ...before, index: expect.any(String) });
});

test('a branch that has moved on is left alone', async () => {
  const { takeBack, root, git } = await landed();
  await git(root, 'commit', '--quiet', '--allow-empty', '--message=more');
  const head = await git(root, 'rev-parse', 'main');
  await expect(takeBack()).rejects.toMatchObject({ code: 'target-moved' });
  expect(await git(root, 'rev-parse', 'main')).toBe(head);
});

test('a checkout that has not followed its branch is moved after it, and only then', async () => {
  const { repository, root, git, back } = await landed();
  await git(root, 'update-ref', 'refs/heads/main', back.to);
  await followBack(repository, back);
  expect(await git(root, 'status', '--porcelain')).toBe('');
  await put(root, 'a.txt', 'mine');
  await followBack(repository, back);
  expect(await readFile(join(root, 'a.txt'), 'utf8')).toBe('mine');
});

test('a commit is published once the branch of that name on a remote, or the upstream, has it', async () => {
  const { repository, root, git, back, folder } = await landed();
  const published = () => isPublished(repository.git, 'main', back.from);
  const bare = join(folder, 'remote.git');
  await git(folder, 'init', '--quiet', '--bare', bare);
  await git(root, 'remote', 'add', 'origin', bare);
  await git(root, 'push', '--quiet', 'origin', `${back.to}:refs/heads/main`);
  expect(await published()).toBe(false);
  // The branch of the run is no proof: a pull request may have put it there.
  await git(root, 'push', '--quiet', 'origin', `${back.from}:refs/heads/mo/r-1`);
  expect(await published()).toBe(false);
  await git(root, 'push', '--quiet', 'origin', `${back.from}:refs/heads/trunk`);
  await git(root, 'branch', '--quiet', '--set-upstream-to=origin/trunk', 'main');
  expect(await published()).toBe(true);
  await git(root, 'branch', '--unset-upstream', 'main');
  expect(await published()).toBe(false);
  await git(root, 'push', '--quiet', 'origin', 'main');
  expect(await published()).toBe(true);
});
