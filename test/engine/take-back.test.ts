import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { RunEvent, RunSpec } from '../../src/core/event.ts';
import type { LandHow } from '../../src/core/landing.ts';
import { aHouse, writer, type House, type Life } from './house.ts';

/** A run that adds `one.txt` and was merged into `main`. */
async function aMergedRun(over: Partial<RunSpec> = {}) {
  const house = await aHouse();
  const before = await house.git('rev-parse', 'main');
  const runId = await house.create({
    nodes: [writer('one', 'echo $MO_ATTEMPT_NO >> one.txt')],
    ...over,
  });
  expect(await house.own(runId)).toBe('ended');
  const { landed } = house.run(runId);
  expect(landed).toMatchObject({ how: 'merge', target: 'main' });
  return { house, runId, before, merged: landed?.commit ?? '' };
}

async function land(house: House, runId: string, how: LandHow, target: string | null = null) {
  ask(house, runId, how, target);
  expect(await house.own(runId)).toBe('ended');
  const { landed, landRefused } = house.run(runId);
  return { landed, refused: landRefused };
}

function ask(house: House, runId: string, how: LandHow, target: string | null = null): void {
  house.store.sendSignal(runId, { kind: 'land', how, target });
}

async function commitOf(house: House, name: string, text: string): Promise<string> {
  await writeFile(join(house.repo, name), text);
  await house.git('add', '-A');
  await house.git('commit', '-qm', `${name} by hand`);
  return house.git('rev-parse', 'main');
}

const isLanded = ({ type }: RunEvent) => type === 'run.landed';

/** As it was written before mo knew how to take it back. */
const forgetFrom: Life['onAppend'] = (events) => {
  for (const event of events) if (event.type === 'run.landed') delete event.from;
};

const filesOf = (house: House) => house.git('ls-tree', '-r', '--name-only', 'main');
const lastLanded = (house: House, runId: string) =>
  house.events(runId).findLast((event) => event.type === 'run.landed');

test('a merge that stands alone is taken back: branch and checkout are where they were', async () => {
  const { house, runId, before, merged } = await aMergedRun();
  const { landed } = await land(house, runId, 'rollback');
  expect(landed).toEqual({ how: 'rollback', target: 'main', commit: before, url: null });
  expect(lastLanded(house, runId)).toMatchObject({ from: merged, commit: before });
  expect(await house.git('rev-parse', 'main')).toBe(before);
  expect(await house.git('status', '--porcelain')).toBe('');
  expect(await house.git('rev-parse', `mo/${runId}`)).toBe(house.run(runId).head?.commit);
});

test('taken back once more, nothing moves and the answer says so', async () => {
  const { house, runId } = await aMergedRun();
  await land(house, runId, 'rollback');
  const head = await commitOf(house, 'more.txt', 'x');
  const { landed } = await land(house, runId, 'rollback');
  expect(landed).toMatchObject({ how: 'rollback', commit: head });
  expect(lastLanded(house, runId)).toMatchObject({ from: head, commit: head });
  expect(await house.git('rev-parse', 'main')).toBe(head);
});

test('what was taken back lands again', async () => {
  const { house, runId, merged } = await aMergedRun();
  await land(house, runId, 'rollback');
  expect((await land(house, runId, 'merge')).landed).toMatchObject({
    how: 'merge',
    commit: merged,
  });
  expect(await filesOf(house)).toBe('README.md\none.txt');
  expect((await land(house, runId, 'rollback')).landed).toMatchObject({ how: 'rollback' });
  expect(await filesOf(house)).toBe('README.md');
});

test('where commits came on top, a commit takes the work back and leaves theirs', async () => {
  const { house, runId } = await aMergedRun({ gates: ['test -e README.md'] });
  const tip = await commitOf(house, 'more.txt', 'x');
  const { landed } = await land(house, runId, 'rollback');
  expect(await house.git('rev-parse', 'main^')).toBe(tip);
  expect(await house.git('rev-parse', 'main')).toBe(landed?.commit);
  expect(await house.git('log', '-1', '--format=%s', 'main')).toBe(`Revert mo/${runId}: test`);
  expect(await filesOf(house)).toBe('README.md\nmore.txt');
  expect(await house.git('status', '--porcelain')).toBe('');
});

test('after a revert it lands again, although git calls it merged already, and can be taken back again', async () => {
  const { house, runId } = await aMergedRun({ gates: ['test -e README.md'] });
  await commitOf(house, 'more.txt', 'x');
  await land(house, runId, 'rollback');
  const reverted = await house.git('rev-parse', 'main');
  const { landed } = await land(house, runId, 'merge');
  expect(landed).toMatchObject({ how: 'merge', target: 'main' });
  expect(await house.git('rev-parse', 'main^')).toBe(reverted);
  expect(await filesOf(house)).toBe('README.md\nmore.txt\none.txt');
  expect(await house.git('status', '--porcelain')).toBe('');
  await land(house, runId, 'rollback');
  expect(await house.git('rev-parse', 'main')).toBe(reverted);
});

test('a run that went on after a revert brings old and new work', async () => {
  const { house, runId } = await aMergedRun();
  await commitOf(house, 'more.txt', 'x');
  await land(house, runId, 'rollback');
  house.store.sendSignal(runId, { kind: 'retry', node: 'one', text: 'again' });
  house.store.sendSignal(runId, { kind: 'resume', budget: null });
  expect(await house.own(runId)).toBe('ended');
  expect(house.run(runId).landed).toMatchObject({ how: 'merge' });
  expect(await filesOf(house)).toBe('README.md\nmore.txt\none.txt');
  expect(await house.git('show', 'main:one.txt')).toBe('1\n2');
});

test('a merge that an upstream has is reverted, not unmade', async () => {
  const { house, runId, merged } = await aMergedRun();
  const bare = join(house.folder, 'remote.git');
  await house.git('init', '--quiet', '--bare', bare);
  await house.git('remote', 'add', 'origin', bare);
  await house.git('push', '--quiet', '--set-upstream', 'origin', 'main');
  await land(house, runId, 'rollback');
  expect(await house.git('rev-parse', 'main^')).toBe(merged);
  expect(await filesOf(house)).toBe('README.md');
});

test('what later commits have changed too cannot be taken back, and nothing changes', async () => {
  const { house, runId } = await aMergedRun();
  const tip = await commitOf(house, 'one.txt', 'mine\n');
  const { refused } = await land(house, runId, 'rollback');
  expect(refused?.code).toBe('rollback-conflict');
  expect(refused?.message).toContain('later commits changed one.txt as well');
  expect(await house.git('rev-parse', 'main')).toBe(tip);
  expect(house.run(runId).landed?.how).toBe('merge');
});

test('a tree that does not pass without the work is not landed', async () => {
  const { house, runId } = await aMergedRun({ gates: ['test -e one.txt'] });
  const tip = await commitOf(house, 'more.txt', 'x');
  const { refused } = await land(house, runId, 'rollback');
  expect(refused?.code).toBe('merged-gate');
  expect(refused?.message).toContain('main does not pass test -e one.txt');
  expect(await house.git('rev-parse', 'main')).toBe(tip);
});

test('a dirty checkout is refused, and taken back once it is clean', async () => {
  const { house, runId, before } = await aMergedRun();
  await writeFile(join(house.repo, 'one.txt'), 'mine\n');
  expect((await land(house, runId, 'rollback')).refused?.code).toBe('dirty-checkout');
  await house.git('checkout', '-q', '--', 'one.txt');
  expect((await land(house, runId, 'rollback')).landed).toMatchObject({ commit: before });
});

test('what somebody has reverted by hand is found gone', async () => {
  const { house, runId } = await aMergedRun();
  await house.git('revert', '--no-edit', 'HEAD');
  const tip = await house.git('rev-parse', 'main');
  const { landed } = await land(house, runId, 'rollback');
  expect(landed).toMatchObject({ how: 'rollback', commit: tip });
  expect((await land(house, runId, 'merge')).landed).toMatchObject({ how: 'merge' });
  expect(await filesOf(house)).toBe('README.md\none.txt');
});

test('two landings of one run are taken back together', async () => {
  const { house, runId, before } = await aMergedRun();
  house.store.sendSignal(runId, { kind: 'retry', node: 'one', text: 'again' });
  house.store.sendSignal(runId, { kind: 'resume', budget: null });
  expect(await house.own(runId)).toBe('ended');
  expect(await house.git('show', 'main:one.txt')).toBe('1\n2');
  await land(house, runId, 'rollback');
  expect(await house.git('rev-parse', 'main')).toBe(before);
});

test('of several targets, the last one is taken back unless another is named', async () => {
  const { house, runId, merged, before } = await aMergedRun();
  await house.git('branch', 'release', before);
  await land(house, runId, 'merge', 'release');
  await land(house, runId, 'rollback');
  expect(await house.git('rev-parse', 'release')).toBe(before);
  expect(await house.git('rev-parse', 'main')).toBe(merged);
  await land(house, runId, 'rollback', 'main');
  expect(await house.git('rev-parse', 'main')).toBe(before);
  const { refused } = await land(house, runId, 'rollback', 'elsewhere');
  expect(refused?.message).toContain('mo has not merged it into elsewhere');
});

test('a run that was never merged has nothing to take back', async () => {
  const house = await aHouse();
  const nodes = [writer('one', 'echo 1 > one.txt')];
  const runId = await house.create({ nodes, land: 'branch' });
  expect(await house.own(runId)).toBe('ended');
  const { refused } = await land(house, runId, 'rollback');
  expect(refused?.code).toBe('nothing-to-take-back');
  expect(refused?.message).toContain(`land {run_id: "${runId}", how: "discard", confirm: true}`);
});

test('a run that is discarded stays discarded when its merge is taken back', async () => {
  const { house, runId, before } = await aMergedRun();
  await land(house, runId, 'discard');
  expect((await land(house, runId, 'rollback')).landed?.how).toBe('discard');
  expect(await house.git('rev-parse', 'main')).toBe(before);
});

test('a merge of which an older mo has not written down where it began is left to a person', async () => {
  const { house, runId, merged } = await aMergedRun({ land: 'merge' });
  await house.git('reset', '-q', '--hard', 'HEAD^');
  ask(house, runId, 'rollback');
  expect(await house.own(runId)).toBe('ended');
  ask(house, runId, 'merge');
  expect(await house.own(runId, { onAppend: forgetFrom })).toBe('ended');
  const { refused } = await land(house, runId, 'rollback');
  expect(refused?.message).toContain('an older mo, which did not write down where main was before');
  expect(await house.git('rev-parse', 'main')).toBe(merged);
});

test.for([
  ['back', false],
  ['by a commit', true],
] as const)('owners that die before or after each event take it %s once', async ([, hasMore]) => {
  for (const when of ['before', 'after'] as const) {
    const { house, runId, before, merged } = await aMergedRun();
    const from = hasMore ? await commitOf(house, 'more.txt', 'x') : merged;
    ask(house, runId, 'rollback');
    const seen = new Set<string>();
    const at = ({ type }: RunEvent) => seen.size < seen.add(type).size;
    let lives = 1;
    while ((await house.own(runId, { dies: { when, at } })) === 'died') lives += 1;
    expect(lives).toBeGreaterThan(3);
    const tip = await house.git('rev-parse', 'main');
    expect(lastLanded(house, runId)).toMatchObject({ how: 'rollback', commit: tip, from });
    expect(await house.git('status', '--porcelain')).toBe('');
    if (hasMore) {
      expect(await filesOf(house)).toBe('README.md\nmore.txt');
      expect(await house.git('log', '--format=%s', 'main', '--grep', '^Revert')).toBe(
        `Revert mo/${runId}: test`,
      );
    } else expect(tip).toBe(before);
  }
});

test('an owner that dies while a merge is not written down knows where the branch was', async () => {
  const house = await aHouse();
  const before = await house.git('rev-parse', 'main');
  const runId = await house.create({ nodes: [writer('one', 'echo 1 > one.txt')] });
  expect(await house.own(runId, { dies: { when: 'before', at: isLanded } })).toBe('died');
  expect(await house.own(runId)).toBe('ended');
  expect(lastLanded(house, runId)).toMatchObject({ how: 'merge', from: before });
  await land(house, runId, 'rollback');
  expect(await house.git('rev-parse', 'main')).toBe(before);
});
