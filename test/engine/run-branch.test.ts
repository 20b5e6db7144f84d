import { mkdir, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { expect, test } from 'vitest';
import type { RunEvent } from '../../src/core/event.ts';
import { aHouse, writer, type House } from './house.ts';

const deleteBranch = 'git update-ref -d "refs/heads/mo/$(basename "$(dirname "$PWD")")"';
const other = { settings: {}, land: 'none' as const };

async function aRunWhoseBranchIsDeleted(land: 'merge' | 'branch' | 'none') {
  const house = await aHouse();
  const runId = await house.create({
    ...other,
    land,
    nodes: [
      writer('one', 'echo 1 > one.txt'),
      // Starts when the first has landed.
      writer('two', `${deleteBranch}; echo 2 > two.txt`, { needs: ['one'] }),
    ],
  });
  expect(await house.own(runId)).toBe('ended');
  return { house, runId };
}

const branchOf = (house: House, runId: string) =>
  house.git('for-each-ref', '--format=%(objectname)', `refs/heads/mo/${runId}`);

async function askToLand(house: House, runId: string, how: 'branch' | 'merge' | 'discard') {
  house.store.sendSignal(runId, { kind: 'land', how, target: null });
  expect(await house.own(runId)).toBe('ended');
}

test('a branch that was deleted in the middle of its run is put back, and told of', async () => {
  const { house, runId } = await aRunWhoseBranchIsDeleted('merge');
  const run = house.run(runId);
  expect(run.status).toMatchObject({ outcome: 'succeeded' });
  expect(await branchOf(house, runId)).toBe(run.head?.commit);
  expect(await house.git('ls-tree', '--name-only', 'main')).toBe('README.md\none.txt\ntwo.txt');
  expect(house.log.join('\n')).toContain(`mo/${runId} was gone; put back`);
});

test('a branch that was deleted after its last landing is there when the run is over', async () => {
  const house = await aHouse();
  const gone = { needs: ['one'], write: false, scope: null };
  const runId = await house.create({
    ...other,
    nodes: [writer('one', 'echo 1 > one.txt'), writer('last', deleteBranch, gone)],
  });
  expect(await house.own(runId)).toBe('ended');
  expect(await branchOf(house, runId)).toBe(house.run(runId).head?.commit);
});

test.for(['branch', 'merge'] as const)('a deleted branch can be landed (%s)', async (how) => {
  const { house, runId } = await aRunWhoseBranchIsDeleted('none');
  await house.git('branch', '-D', `mo/${runId}`);
  await askToLand(house, runId, how);
  const { head, landed } = house.run(runId);
  expect(landed).toMatchObject({ how, commit: head?.commit });
  expect(await branchOf(house, runId)).toBe(head?.commit);
});

test('what a deleted branch held can be discarded, is kept, and does not come back', async () => {
  const { house, runId } = await aRunWhoseBranchIsDeleted('none');
  await house.git('branch', '-D', `mo/${runId}`);
  await askToLand(house, runId, 'discard');
  expect(await branchOf(house, runId)).toBe('');
  expect(await house.git('rev-parse', `refs/mo/parked/${runId}/branch/1`)).toBe(
    house.run(runId).head?.commit,
  );
});

test('a branch that somebody has moved is left where it is', async () => {
  const house = await aHouse();
  const moveBranch = deleteBranch.replace('-d', '').replace(/"$/, '" "$(git rev-parse HEAD~1)"');
  const runId = await house.create({
    ...other,
    nodes: [
      writer('one', 'echo 1 > one.txt'),
      writer('two', `${moveBranch}; echo 2 > two.txt`, { needs: ['one'] }),
    ],
  });
  expect(await house.own(runId)).toBe('ended');
  const failed = house.events(runId).find((event: RunEvent) => event.type === 'node.failed');
  expect(failed).toMatchObject({ node: 'two', message: expect.stringMatching(/moved from/) });
  expect(await branchOf(house, runId)).toBe(house.run(runId).spec.base);
});

test('a lock that a killed git has left on the branch fails no node: the run goes on when it is gone', async () => {
  const house = await aHouse();
  const runId = await house.create({ ...other, nodes: [writer('one', 'echo 1 > one.txt')] });
  const lock = join(house.repo, `.git/refs/heads/mo/${runId}.lock`);
  await mkdir(dirname(lock), { recursive: true });
  await writeFile(lock, '');
  await expect(house.own(runId)).rejects.toMatchObject({ code: 'git-locked' });
  await rm(lock);
  expect(await house.own(runId)).toBe('ended');
  expect(house.run(runId).status).toMatchObject({ outcome: 'succeeded' });
  expect(await house.lines('ran')).toEqual(['one 1']);
});
