import { expect, test } from 'vitest';
import { mergeInMemory, planMerge } from '../../src/git/merge.ts';
import { makeSandbox, put, type Sandbox } from './sandbox.ts';

const said = { message: 'land api', trailers: { 'Mo-Run': 'r-1' } };

/** A commit on the base in which these files have these texts. */
async function commitOn(
  { git, worktree }: Sandbox,
  name: string,
  files: Record<string, string>,
): Promise<string> {
  const { path } = await worktree(name);
  for (const [file, text] of Object.entries(files)) await put(path, file, text);
  await git(path, 'add', '--all');
  await git(path, 'commit', '--quiet', `--message=${name}`);
  return git(path, 'rev-parse', 'HEAD');
}

test('sides that touch different lines merge to one tree', async () => {
  const sandbox = await makeSandbox();
  const ours = await commitOn(sandbox, 'ours', { 'a.txt': 'ONE\ntwo\nthree\nfour\nfive\n' });
  const theirs = await commitOn(sandbox, 'theirs', { 'a.txt': 'one\ntwo\nthree\nfour\nFIVE\n' });
  const merged = await mergeInMemory(sandbox.repository.git, { ours, theirs });
  const tree = merged.clean ? merged.tree : 'none';
  expect(await sandbox.git(sandbox.root, 'show', `${tree}:a.txt`)).toBe(
    'ONE\ntwo\nthree\nfour\nFIVE',
  );
});

test('a conflict names its files, whatever they are called', async () => {
  const sandbox = await makeSandbox();
  const names = ['new\nline 文件', '-dash', 'clean.txt'];
  const texts = (text: string): Record<string, string> =>
    Object.fromEntries(names.map((name) => [name, name === 'clean.txt' ? 'same' : text]));
  const ours = await commitOn(sandbox, 'ours', texts('ours'));
  const theirs = await commitOn(sandbox, 'theirs', texts('theirs'));
  expect(await mergeInMemory(sandbox.repository.git, { ours, theirs })).toEqual({
    clean: false,
    files: ['-dash', 'new\nline 文件'],
  });
});

test('with a base of its own a merge takes only what came after it', async () => {
  const sandbox = await makeSandbox();
  const { git, root } = sandbox;
  const first = await commitOn(sandbox, 'side', { 'unwanted.txt': 'x' });
  const second = await commitOn(sandbox, 'side', { 'wanted.txt': 'x' });
  const ours = await commitOn(sandbox, 'ours', { 'ours.txt': 'x' });
  const merged = await mergeInMemory(sandbox.repository.git, { ours, theirs: second, base: first });
  const tree = merged.clean ? merged.tree : 'none';
  const files = await git(root, 'ls-tree', '--name-only', tree);
  expect(files.split('\n')).toEqual(['.gitignore', 'a.txt', 'ours.txt', 'src', 'wanted.txt']);
});

test('histories that share nothing are a failure, not a conflict', async () => {
  const sandbox = await makeSandbox();
  const { git, root, base } = sandbox;
  const alone = await git(root, 'commit-tree', 'HEAD^{tree}', '-m', 'alone');
  await expect(
    mergeInMemory(sandbox.repository.git, { ours: base, theirs: alone }),
  ).rejects.toMatchObject({ code: 'git-failed' });
});

test('a plan says what a branch would become', async () => {
  const sandbox = await makeSandbox();
  const { base, git, root } = sandbox;
  const door = sandbox.repository.git;
  const one = await commitOn(sandbox, 'one', { 'a.txt': 'one\n' });
  const two = await commitOn(sandbox, 'two', { 'two.txt': 'two\n' });
  const three = await commitOn(sandbox, 'three', { 'a.txt': 'three\n' });
  expect(await planMerge(door, one, { commit: base, ...said })).toEqual({
    kind: 'nothing',
    from: one,
    result: one,
  });
  expect(await planMerge(door, base, { commit: one, ...said })).toEqual({
    kind: 'forward',
    from: base,
    result: one,
  });
  expect(await planMerge(door, one, { commit: three, ...said })).toEqual({
    kind: 'conflict',
    from: one,
    files: ['a.txt'],
  });
  const merge = await planMerge(door, one, { commit: two, ...said });
  const result = merge.kind === 'merge' ? merge.result : 'none';
  expect(await git(root, 'log', '-1', '--format=%P%n%B', result)).toBe(
    `${one} ${two}\nland api\n\nMo-Run: r-1\n`,
  );
});
