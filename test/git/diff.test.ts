import { chmod, rm, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { changesBetween } from '../../src/git/diff.ts';
import { patchBetween, patchOfHistory } from '../../src/git/patch.ts';
import type { Change } from '../../src/core/scope.ts';
import { makeSandbox, put, type Sandbox } from './sandbox.ts';

async function commitAll({ git, root }: Sandbox): Promise<string> {
  await git(root, 'add', '--all');
  await git(root, 'commit', '--quiet', '--message=next');
  return git(root, 'rev-parse', 'HEAD');
}

function named(changes: readonly Change[], path: string): Change | undefined {
  return changes.find((one) => one.path === path);
}

test('every kind of change is told apart', async () => {
  const sandbox = await makeSandbox();
  const { root, repository, git } = sandbox;
  await put(root, 'old name.txt', 'a\nb\nc\nd\n');
  await put(root, 'run.sh', '#!/bin/sh\n');
  await put(root, 'kind', 'file');
  const from = await commitAll(sandbox);
  await git(root, 'mv', 'old name.txt', 'new\nname.txt');
  await put(root, 'new\nname.txt', 'a\nb\nc\nd\ne\n');
  await chmod(join(root, 'run.sh'), 0o755);
  await put(root, 'blob.bin', Buffer.from([0, 1, 2, 3]));
  await rm(join(root, 'kind'));
  await symlink('a.txt', join(root, 'kind'));
  await rm(join(root, 'src/b.txt'));
  await put(root, 'a.txt', 'one\nTWO\nthree\nfour\n');
  const changes = await changesBetween(repository.git, from, await commitAll(sandbox));
  const none = { addedLines: 0, deletedLines: 0, binary: false, linkTarget: null, oldPath: null };
  const file = { oldMode: '100644', newMode: '100644' };
  expect(changes).toHaveLength(6);
  expect([
    named(changes, 'new\nname.txt'),
    named(changes, 'run.sh'),
    named(changes, 'blob.bin'),
    named(changes, 'kind'),
    named(changes, 'src/b.txt'),
    named(changes, 'a.txt'),
  ]).toEqual([
    {
      ...none,
      ...file,
      path: 'new\nname.txt',
      oldPath: 'old name.txt',
      kind: 'rename',
      addedLines: 1,
    },
    { ...none, path: 'run.sh', kind: 'mode-change', oldMode: '100644', newMode: '100755' },
    { ...none, path: 'blob.bin', kind: 'add', oldMode: null, newMode: '100644', binary: true },
    {
      ...none,
      path: 'kind',
      kind: 'type-change',
      oldMode: '100644',
      newMode: '120000',
      addedLines: 1,
      deletedLines: 1,
      linkTarget: 'a.txt',
    },
    {
      ...none,
      path: 'src/b.txt',
      kind: 'delete',
      oldMode: '100644',
      newMode: null,
      deletedLines: 1,
    },
    { ...none, ...file, path: 'a.txt', kind: 'modify', addedLines: 1, deletedLines: 2 },
  ]);
});

test('targets of links are read whole, whatever they hold', async () => {
  const sandbox = await makeSandbox();
  const { root, repository, base } = sandbox;
  const targets = ['../../etc/passwd', 'two\nlines', '目标 🚀', 'x\n'.repeat(100)];
  for (const [index, target] of targets.entries()) await symlink(target, join(root, `l${index}`));
  const changes = await changesBetween(repository.git, base, await commitAll(sandbox));
  expect(changes.map((one) => one.linkTarget)).toEqual(targets);
});

test('the patch names files as they are and does not ask a configured diff program', async () => {
  const sandbox = await makeSandbox();
  const { root, repository, base, git } = sandbox;
  await git(root, 'config', 'diff.external', 'false');
  await git(root, 'config', 'diff.noprefix', 'true');
  await git(root, 'config', 'core.abbrev', '40');
  await put(root, '文件.txt', 'hello\n');
  const to = await commitAll(sandbox);
  const patch = await patchBetween(repository.git, { from: base, to });
  expect(patch.isCut).toBe(false);
  expect(patch.text).toContain('+++ b/文件.txt\n@@ -0,0 +1 @@\n+hello\n');
  expect(patch.text).toMatch(/^index 0{10}\.\.[0-9a-f]{10}$/m);
});

test('a patch beyond its limit is cut and says so', async () => {
  const sandbox = await makeSandbox();
  const { root, repository, base } = sandbox;
  await put(root, 'big.txt', 'line\n'.repeat(400_000));
  const to = await commitAll(sandbox);
  const patch = await patchBetween(repository.git, { from: base, to, maxBytes: 10_000 });
  expect(patch.isCut).toBe(true);
  expect(patch.text).toHaveLength(10_000);
});

test('what one commit adds and the next removes is in the patch of the history alone', async () => {
  const sandbox = await makeSandbox();
  const { root, repository, base } = sandbox;
  await put(root, 'key.txt', 'the secret\n');
  await commitAll(sandbox);
  await rm(join(root, 'key.txt'));
  await put(root, 'other.txt', 'x\n');
  const range = { from: base, to: await commitAll(sandbox) };
  expect((await patchBetween(repository.git, range)).text).not.toContain('the secret');
  expect((await patchOfHistory(repository.git, range)).text).toContain('+the secret');
});

test('what only a merge commit brings in is in the patch of the history', async () => {
  const sandbox = await makeSandbox();
  const { root, repository, base, git } = sandbox;
  await git(root, 'checkout', '--quiet', '-b', 'side');
  await put(root, 'side.txt', 'x\n');
  await commitAll(sandbox);
  await git(root, 'checkout', '--quiet', 'main');
  await put(root, 'main.txt', 'x\n');
  await commitAll(sandbox);
  await git(root, 'merge', '--quiet', '--no-commit', 'side');
  await put(root, 'evil.txt', 'smuggled\n');
  const range = { from: base, to: await commitAll(sandbox) };
  expect((await patchOfHistory(repository.git, range)).text).toContain('+smuggled');
});

test('no commits have no history', async () => {
  const { repository, base } = await makeSandbox();
  const range = { from: base, to: base };
  expect(await patchOfHistory(repository.git, range)).toEqual({ text: '', isCut: false });
});
