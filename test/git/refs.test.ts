import { expect, test } from 'vitest';
import {
  deleteRef,
  lastRunNumber,
  nodeRef,
  parkedRef,
  readRef,
  runBranch,
  runRef,
  updateRef,
} from '../../src/git/refs.ts';
import { makeSandbox } from './sandbox.ts';

async function twoCommits(): Promise<Awaited<ReturnType<typeof makeSandbox>> & { next: string }> {
  const sandbox = await makeSandbox();
  const { git, root } = sandbox;
  const next = await git(root, 'commit-tree', 'HEAD^{tree}', '-p', 'HEAD', '-m', 'next');
  return { ...sandbox, next };
}

test('the branch of a run, its nodes and what it parked live side by side', async () => {
  const { repository, base, git, root } = await makeSandbox();
  const run = 'r-7-add-jwt';
  for (const ref of [runRef(run), nodeRef(run, 'api'), parkedRef(run, 'api', 1)]) {
    await updateRef(repository.git, { ref, to: base, expected: null, reason: 'test' });
  }
  expect(await git(root, 'branch', '--format=%(refname:short)')).toBe(`main\n${runBranch(run)}`);
  expect(await git(root, 'rev-parse', `mo/${run}`, `mo/${run}/api`)).toBe(`${base}\n${base}`);
});

test('the numbers of runs are known from their branches, their nodes and what they parked', async () => {
  const { repository, base } = await makeSandbox();
  const { git } = repository;
  expect(await lastRunNumber(git)).toBe(0);
  const made = [runRef('r-2-x'), 'refs/heads/mo/other', nodeRef('r-9', 'a'), runRef('r-3')];
  for (const ref of made) await updateRef(git, { ref, to: base, expected: null, reason: 'test' });
  expect(await lastRunNumber(git)).toBe(9);
  const parked = parkedRef('r-12-y', 'a', 1);
  await updateRef(git, { ref: parked, to: base, expected: null, reason: 'test' });
  expect(await lastRunNumber(git)).toBe(12);
});

test('a ref moves only from where it is expected', async () => {
  const { repository, base, next } = await twoCommits();
  const { git } = repository;
  const ref = runRef('r-1');
  await updateRef(git, { ref, to: base, expected: null, reason: 'test' });
  await updateRef(git, { ref, to: next, expected: base, reason: 'test' });
  await expect(
    updateRef(git, { ref, to: base, expected: base, reason: 'test' }),
  ).rejects.toMatchObject({ problem: { code: 'target-moved', ref, expected: base, found: next } });
  expect(await readRef(git, ref)).toBe(next);
});

test('a ref that should be new is not overwritten, one that should be there is not made', async () => {
  const { repository, base, next } = await twoCommits();
  const { git } = repository;
  await expect(
    updateRef(git, { ref: 'refs/heads/main', to: next, expected: null, reason: 'test' }),
  ).rejects.toMatchObject({ problem: { code: 'target-moved', expected: 'nothing', found: base } });
  await expect(
    updateRef(git, { ref: 'refs/heads/gone', to: next, expected: base, reason: 'test' }),
  ).rejects.toMatchObject({ problem: { code: 'target-moved', expected: base, found: 'nothing' } });
});

test('of ten who move a ref at once one wins', async () => {
  const { repository, base, git, root } = await makeSandbox();
  const commits = await Promise.all(
    Array.from({ length: 10 }, (_, index) =>
      git(root, 'commit-tree', 'HEAD^{tree}', '-p', 'HEAD', '-m', `number ${index}`),
    ),
  );
  const ref = runRef('r-1');
  await updateRef(repository.git, { ref, to: base, expected: null, reason: 'test' });
  const moves = await Promise.allSettled(
    commits.map((to) => updateRef(repository.git, { ref, to, expected: base, reason: 'test' })),
  );
  expect(moves.filter((move) => move.status === 'fulfilled')).toHaveLength(1);
  for (const move of moves) {
    if (move.status === 'rejected') expect(move.reason).toMatchObject({ code: 'target-moved' });
  }
});

test('a ref is deleted only where it is expected', async () => {
  const { repository, base, next } = await twoCommits();
  const { git } = repository;
  const ref = nodeRef('r-1', 'api');
  await updateRef(git, { ref, to: base, expected: null, reason: 'test' });
  await expect(deleteRef(git, { ref, expected: next })).rejects.toMatchObject({
    code: 'target-moved',
  });
  await deleteRef(git, { ref, expected: base });
  expect(await readRef(git, ref)).toBeNull();
});

test('a name that cannot be a ref is a failure, not a moved target', async () => {
  const { repository, base } = await makeSandbox();
  await expect(
    updateRef(repository.git, { ref: 'refs/heads/a..b', to: base, expected: null, reason: 'x' }),
  ).rejects.toMatchObject({ code: 'git-failed' });
});
