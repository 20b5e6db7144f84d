import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { expect, test } from 'vitest';
import { checkoutCommit } from '../../src/git/checkout.ts';
import { changesBetween } from '../../src/git/diff.ts';
import { listIgnored } from '../../src/git/ignored.ts';
import { planMerge } from '../../src/git/merge.ts';
import { parkWorktree } from '../../src/git/park.ts';
import { patchBetween } from '../../src/git/patch.ts';
import { deleteRef, nodeRef, parkedRef, updateRef } from '../../src/git/refs.ts';
import { openRepository } from '../../src/git/repository.ts';
import { linkPaths } from '../../src/git/set-up-paths.ts';
import { commitWork } from '../../src/git/snapshot.ts';
import { listUncommitted } from '../../src/git/status.ts';
import { pruneWorktrees, removeWorktree } from '../../src/git/worktree.ts';
import { makeSandbox, pictureOf, put } from './sandbox.ts';

test('no operation but the explicit merge touches the checkout of the user', async () => {
  const sandbox = await makeSandbox();
  const { root, env, repository, base, git } = sandbox;
  await put(root, 'a.txt', 'edited, not staged');
  await put(root, 'staged.txt', 'staged');
  await git(root, 'add', 'staged.txt');
  await put(root, 'untracked.txt', 'untracked');
  await put(root, 'node_modules/dep.js', 'x');
  const before = await pictureOf(sandbox);
  const door = repository.git;
  const steps: [string, () => Promise<unknown>][] = [];
  const step = (name: string, work: () => Promise<unknown>): number => steps.push([name, work]);
  const tree = await sandbox.worktree('api');
  const said = { message: 'm', trailers: {} };
  const ref = nodeRef('r-1', 'api');
  let commit = base;
  step('add', () => sandbox.worktree('other'));
  step('open', () => openRepository(join(root, 'src'), { env }));
  step('status', () => listUncommitted(repository));
  step('link', () => linkPaths(root, tree, ['node_modules']));
  step('ignored', () => listIgnored(tree));
  step('commit', async () => {
    await put(tree.path, 'new.txt', 'x');
    await put(tree.path, 'a.txt', 'of the worker');
    commit = (await commitWork(tree, { base, ...said })).commit;
  });
  step('diff', () => changesBetween(door, base, commit));
  step('patch', () => patchBetween(door, { from: base, to: commit }));
  step('plan', () => planMerge(door, base, { commit, ...said }));
  step('ref', () => updateRef(door, { ref, to: commit, expected: null, reason: 'test' }));
  step('reset', () => checkoutCommit(tree, base));
  step('park', async () => {
    await put(tree.path, 'left.txt', 'x');
    await parkWorktree(tree, parkedRef('r-1', 'api', 1));
  });
  step('remove', () => removeWorktree(repository, tree, parkedRef('r-1', 'api', 2)));
  step('prune', () => pruneWorktrees(repository, join(root, '.agent-workspace')));
  step('delete', () => deleteRef(door, { ref, expected: commit }));
  const touchedBy: string[] = [];
  for (const [name, work] of steps) {
    await work();
    if (!isDeepStrictEqual(await pictureOf(sandbox), before)) touchedBy.push(name);
  }
  expect(touchedBy).toEqual([]);
});
