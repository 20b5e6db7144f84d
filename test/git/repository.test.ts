import { chmod, mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { isAtLeast, openRepository } from '../../src/git/repository.ts';
import { isClean, listUncommitted } from '../../src/git/status.ts';
import { emptyFolder, makeSandbox, put } from './sandbox.ts';

test('a subfolder opens the repository around it', async () => {
  const { root, env, base } = await makeSandbox();
  expect(await openRepository(join(root, 'src'), { env })).toMatchObject({
    root,
    gitDir: join(root, '.git'),
    commonDir: join(root, '.git'),
    head: base,
    branch: 'main',
  });
});

test('a linked worktree has a root of its own and shares the git folder', async () => {
  const { folder, root, env, git } = await makeSandbox();
  const linked = join(folder, 'linked\n树');
  await git(root, 'worktree', 'add', '--quiet', '-b', 'side', linked);
  expect(await openRepository(linked, { env })).toMatchObject({
    root: linked,
    commonDir: join(root, '.git'),
    branch: 'side',
  });
});

test('a detached HEAD has no branch', async () => {
  const { root, env, git } = await makeSandbox();
  await git(root, 'checkout', '--quiet', '--detach');
  expect((await openRepository(root, { env })).branch).toBeNull();
});

test('what cannot be opened is refused with the reason', async () => {
  const { folder, root, env, git } = await makeSandbox();
  const plain = await emptyFolder();
  const fresh = join(folder, 'fresh');
  const bare = join(folder, 'bare');
  await git(folder, 'init', '--quiet', fresh);
  await git(folder, 'init', '--quiet', '--bare', bare);
  const codeOf = (place: string): Promise<unknown> =>
    openRepository(place, { env }).then(
      () => 'opened',
      (cause: unknown) => (cause instanceof Error && 'code' in cause ? cause.code : cause),
    );
  expect([
    await codeOf(join(folder, 'gone')),
    await codeOf(join(root, 'a.txt')),
    await codeOf(plain),
    await codeOf(fresh),
    await codeOf(bare),
    await codeOf(join(root, '.git')),
  ]).toEqual([
    'folder-missing',
    'folder-missing',
    'not-a-repository',
    'no-commits',
    'no-checkout',
    'no-checkout',
  ]);
});

test('a git before 2.38 is refused', async () => {
  const { folder, root } = await makeSandbox();
  await mkdir(join(folder, 'bin'));
  await put(folder, 'bin/git', '#!/bin/sh\necho "git version 2.37.4 (Apple Git-999)"\n');
  await chmod(join(folder, 'bin/git'), 0o755);
  const env = { PATH: join(folder, 'bin') };
  await expect(openRepository(root, { env })).rejects.toMatchObject({
    problem: { code: 'git-too-old', found: '2.37.4', needed: '2.38.0' },
  });
});

test('versions are compared by number', () => {
  expect(['2.38.0', '2.38', '2.100.1', '3.0'].map((found) => isAtLeast(found, '2.38.0'))).toEqual([
    true,
    true,
    true,
    true,
  ]);
  expect(['2.37.9', '1.99', '2.4'].map((found) => isAtLeast(found, '2.38.0'))).toEqual([
    false,
    false,
    false,
  ]);
});

test('uncommitted paths are listed whatever their names', async () => {
  const { root, repository, git } = await makeSandbox();
  const names = ['-dash', 'new\nline', 'sp ace', '"quote"', '文件', '🚀'];
  for (const name of names) await put(root, name, 'x');
  await put(root, 'a.txt', 'changed');
  await git(root, 'mv', 'src/b.txt', 'src/c.txt');
  const found = await listUncommitted(repository);
  expect(found.tracked.toSorted()).toEqual(['a.txt', 'src/b.txt', 'src/c.txt']);
  expect(found.untracked.toSorted()).toEqual(names.toSorted());
});

test('untracked files and the workspace leave a checkout clean', async () => {
  const { root, repository } = await makeSandbox();
  await put(root, 'notes.txt', 'x');
  await rm(join(root, '.agent-workspace/.gitignore'));
  await put(root, '.agent-workspace/mo.db', 'x');
  expect((await listUncommitted(repository)).untracked).toEqual(['notes.txt']);
  expect(await isClean(repository)).toBe(true);
});
