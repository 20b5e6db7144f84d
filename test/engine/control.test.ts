import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { RunEvent } from '../../src/core/event.ts';
import type { NodeSpec } from '../../src/core/node.ts';
import type { Signal } from '../../src/core/signal.ts';
import { verifyReceipt } from '../../src/engine/verify-receipt.ts';
import { aNode, aRunSpec } from '../core/build.ts';
import { processesIn } from '../e2e/processes.ts';
import { done, plan, planned, writes } from '../e2e/rig.ts';
import { aHouse, writer, type House } from './house.ts';

const scripted = { provider: 'scripted' };

const said = (status: string) => [{ do: 'handoff', value: { status, summary: status } }];

/** A worker that judges: its answer, attempt by attempt. */
const tester = (needs: string[], over: Partial<NodeSpec> = {}): NodeSpec =>
  aNode('tester', { ...scripted, role: 'testing', needs, ...over });

const gate = (needs: string[], over: Partial<NodeSpec> = {}): NodeSpec =>
  aNode('gate', { kind: 'gate', needs, passWhen: ['tester.status == "pass"'], ...over });

const statuses = (house: House, runId: string) =>
  Object.fromEntries([...house.run(runId).nodes].map(([name, { state }]) => [name, state.status]));

const invalidations = (house: House, runId: string) =>
  house.events(runId).filter((event) => event.type === 'nodes.invalidated');

/** Everything is there before an owner comes up, so it is heard first. */
async function ownAfter(house: House, runId: string, ...signals: Signal[]): Promise<void> {
  for (const signal of signals) house.store.sendSignal(runId, signal);
  expect(await house.own(runId)).toBe('ended');
}

/** Sends a signal as soon as such an event is written down. */
function sending(house: House, runId: string, signal: Signal, at: (event: RunEvent) => boolean) {
  let isSent = false;
  return (events: readonly RunEvent[]): void => {
    if (isSent || !events.some(at)) return;
    isSent = true;
    house.store.sendSignal(runId, signal);
  };
}

const is = (type: RunEvent['type'], node: string) => (event: RunEvent) =>
  event.type === type && 'node' in event && event.node === node;

const handled = async (house: House, runId: string, name: string) =>
  verifyReceipt(house.engine, { file: join(house.store.paths.receipts(runId), name) });

/** An implementation that is wrong at first, a worker that says so, and a gate that sends it back. */
async function sentBack(...beside: NodeSpec[]) {
  const house = await aHouse();
  await house.script({ tester: [said('fail'), said('pass')] });
  const runId = await house.create({
    nodes: [
      writer('impl', 'said=wrong; test -e impl.txt && said=right; echo $said >> impl.txt'),
      ...beside,
      tester(['impl']),
      gate(['tester'], { onFail: { retry: 'impl', maxRetries: 2 } }),
    ],
  });
  return { house, runId };
}

test('a gate that does not pass has its target done again, and all that rests on that, and nothing else', async () => {
  const { house, runId } = await sentBack(writer('other', 'echo 1 > other.txt'));
  expect(await house.own(runId)).toBe('ended');
  expect(house.run(runId).status).toMatchObject({ outcome: 'succeeded' });
  expect((await house.lines('ran')).toSorted()).toEqual(['impl 1', 'impl 2', 'other 1']);
  expect(await house.git('show', 'main:impl.txt')).toBe('wrong\nright');
  expect(invalidations(house, runId)).toMatchObject([
    { by: 'gate', target: 'impl', nodes: ['impl', 'tester', 'gate'], dropped: [] },
  ]);
  const told = invalidations(house, runId)[0]?.findings[0];
  expect(told?.evidence).toContain('tester.status = "fail"');
  const gated = house.run(runId).nodes.get('gate')?.state;
  expect(gated).toMatchObject({
    status: 'verified',
    attempt: 2,
    handoff: {
      status: 'pass',
      checks: [{ expression: 'tester.status == "pass"', value: true }],
    },
  });
});

test('what was proved before is kept as stale, and cannot be accepted', async () => {
  const { house, runId } = await sentBack(writer('other', 'echo 1 > other.txt'));
  await house.own(runId);
  const receipts = house.store.paths.receipts(runId);
  expect((await readdir(join(receipts, 'stale'))).toSorted()).toEqual([
    'impl-1.json',
    'tester-1.json',
  ]);
  expect(await handled(house, runId, 'stale/impl-1.json')).toMatchObject({
    pass: false,
    problems: [expect.stringContaining('is stale')],
  });
  expect(await handled(house, runId, 'impl.json')).toMatchObject({ pass: true, problems: [] });
  expect(
    house.store.receipts(runId).map(({ node, attempt, stale }) => [node, attempt, stale]),
  ).toEqual(
    expect.arrayContaining([
      ['impl', 1, true],
      ['impl', 2, false],
      ['other', 1, false],
    ]),
  );
  const stale = house.store.receipts(runId).find((one) => one.stale);
  const file = join(house.repo, stale?.path ?? '');
  expect(JSON.parse(await readFile(file, 'utf8'))).toMatchObject({ digest: stale?.digest });
});

test('a gate gives up when its target was done again often enough', async () => {
  const { house, runId } = await sentBack();
  await house.script({ tester: said('fail') });
  await house.own(runId);
  expect(invalidations(house, runId)).toHaveLength(2);
  expect(house.run(runId).status).toMatchObject({
    outcome: 'failed',
    reason: expect.stringContaining('impl was done again 2 times'),
  });
});

test('all gates of a run together send work back no more often than the run allows', async () => {
  const house = await aHouse();
  await house.script({ tester: said('fail') });
  const runId = await house.create({
    maxInvalidations: 1,
    nodes: [
      writer('impl', 'echo 1 >> impl.txt'),
      tester(['impl']),
      gate(['tester'], { onFail: { retry: 'impl', maxRetries: 9 } }),
    ],
  });
  await house.own(runId);
  expect(invalidations(house, runId)).toHaveLength(1);
  expect(house.run(runId).status).toMatchObject({
    outcome: 'failed',
    reason: expect.stringContaining('which is the limit'),
  });
});

test('when decides before a node starts, over what its needs have said and what the run was given', async () => {
  const house = await aHouse();
  await house.script({ tester: said('pass') });
  const runId = await house.create({
    inputs: { deep: true, level: 3 },
    nodes: [
      tester([]),
      writer('wanted', 'echo 1 > wanted.txt', {
        needs: ['tester'],
        when: 'inputs.deep && inputs.level > 2 && tester.blocking_count == 0',
      }),
      writer('unwanted', 'echo 1 > unwanted.txt', { needs: ['tester'], when: '!inputs.deep' }),
      writer('after', 'echo 1 > after.txt', {
        needs: ['unwanted'],
        when: 'unwanted == null',
      }),
      writer('odd', 'echo 1 > odd.txt', { needs: ['tester'], when: 'tester.nothing > 2' }),
    ],
  });
  await house.own(runId);
  expect(statuses(house, runId)).toEqual({
    tester: 'verified',
    wanted: 'verified',
    unwanted: 'skipped',
    after: 'verified',
    odd: 'failed',
  });
  expect(house.run(runId).nodes.get('odd')?.state).toMatchObject({
    message: expect.stringContaining('tester.nothing > 2 cannot be evaluated'),
  });
  expect((await house.lines('ran')).toSorted()).toEqual(['after 1', 'wanted 1']);
});

test('who skips a node that failed lets the others go on', async () => {
  const house = await aHouse();
  const runId = await house.create({
    nodes: [
      writer('first', 'exit 1', { retries: 0 }),
      writer('second', 'echo 1 > second.txt', { needs: ['first'] }),
      writer('third', 'echo 1 > third.txt', { needs: ['second'] }),
    ],
  });
  await house.own(runId);
  expect(statuses(house, runId)).toEqual({ first: 'failed', second: 'blocked', third: 'blocked' });
  await ownAfter(house, runId, { kind: 'skip', node: 'first' });
  expect(house.store.view(runId).state).toBe('needs_rerun');
  await ownAfter(house, runId, { kind: 'resume', budget: null });
  expect(statuses(house, runId)).toEqual({
    first: 'skipped',
    second: 'verified',
    third: 'verified',
  });
  expect(house.store.view(runId).state).toBe('succeeded');
});

test('a paused run lets its workers finish, lands nothing, begins nothing, and needs no owner', async () => {
  const house = await aHouse();
  const runId = await house.create({
    concurrency: 1,
    nodes: [writer('one', 'echo 1 > one.txt'), writer('two', 'echo 2 > two.txt')],
  });
  const pause = { kind: 'pause', workers: 'finish' } as const;
  const onAppend = sending(house, runId, pause, is('attempt.spawned', 'one'));
  expect(await house.own(runId, { onAppend })).toBe('ended');
  expect(house.store.view(runId).state).toBe('paused');
  expect(statuses(house, runId)).toEqual({ one: 'verified', two: 'waiting' });
  expect(house.events(runId).some(is('node.landed', 'one'))).toBe(false);
  await ownAfter(house, runId, { kind: 'resume', budget: null });
  expect(house.store.view(runId).state).toBe('succeeded');
  expect(await house.lines('ran')).toEqual(['one 1', 'two 1']);
});

test('a pause that stops workers sends their nodes back without counting it', async () => {
  const house = await aHouse();
  const runId = await house.create({
    nodes: [
      writer('one', 'if test "$MO_ATTEMPT_NO" = 1; then sleep 600; fi; echo 1 > one.txt', {
        retries: 0,
      }),
    ],
  });
  const pause = { kind: 'pause', workers: 'stop' } as const;
  const onAppend = sending(house, runId, pause, is('attempt.spawned', 'one'));
  expect(await house.own(runId, { onAppend })).toBe('ended');
  expect(house.store.view(runId).state).toBe('paused');
  expect(await processesIn(house.folder)).toEqual([]);
  expect(house.run(runId).nodes.get('one')).toMatchObject({
    state: { status: 'waiting' },
    counted: 0,
    uncounted: 0,
  });
  await ownAfter(house, runId, { kind: 'resume', budget: null });
  expect(house.store.view(runId).state).toBe('succeeded');
});

test('a retry in a finished run makes it needs_rerun, never succeeded, until it was done again and landed again', async () => {
  const house = await aHouse();
  const runId = await house.create({
    nodes: [
      writer('one', 'echo $MO_ATTEMPT_NO >> one.txt'),
      writer('two', 'cat one.txt > two.txt', { needs: ['one'] }),
      writer('aside', 'echo 1 > aside.txt'),
    ],
  });
  await house.own(runId);
  expect(house.store.view(runId).state).toBe('succeeded');
  await ownAfter(house, runId, { kind: 'retry', node: 'one', text: 'once more' });
  expect(house.store.view(runId).state).toBe('needs_rerun');
  expect(statuses(house, runId)).toEqual({ one: 'waiting', two: 'waiting', aside: 'verified' });
  expect(await handled(house, runId, 'stale/one-1.json')).toMatchObject({ pass: false });
  expect(
    await verifyReceipt(house.engine, { file: house.store.paths.staleRunReceipt(runId, 1) }),
  ).toMatchObject({ pass: false });
  expect(await house.lines('ran')).toHaveLength(3);
  await ownAfter(house, runId, { kind: 'resume', budget: null });
  expect(house.store.view(runId).state).toBe('succeeded');
  expect((await house.lines('ran')).toSorted()).toEqual([
    'aside 1',
    'one 1',
    'one 2',
    'two 1',
    'two 2',
  ]);
  // What had landed stays: the second attempt went on from there.
  expect(await house.git('show', 'main:one.txt')).toBe('1\n2');
  expect(await house.git('show', 'main:two.txt')).toBe('1\n2');
});

test('a worker whose work is taken back is ended before its node starts again', async () => {
  const house = await aHouse();
  const runId = await house.create({
    nodes: [
      writer('one', 'echo $MO_ATTEMPT_NO >> one.txt'),
      writer('two', 'if test "$MO_ATTEMPT_NO" = 1; then sleep 600; fi; cat one.txt > two.txt', {
        needs: ['one'],
        retries: 0,
      }),
    ],
  });
  const retry = { kind: 'retry', node: 'one', text: '' } as const;
  const onAppend = sending(house, runId, retry, is('attempt.spawned', 'two'));
  expect(await house.own(runId, { onAppend })).toBe('ended');
  expect(house.store.view(runId).state).toBe('succeeded');
  expect(await house.git('show', 'main:two.txt')).toBe('1\n2');
  expect(await processesIn(house.folder)).toEqual([]);
});

test('two who retry at once have it done again once', async () => {
  const house = await aHouse();
  const runId = await house.create({ nodes: [writer('one', 'echo 1 > one.txt')] });
  await house.own(runId);
  const retry = { kind: 'retry', node: 'one', text: '' } as const;
  await ownAfter(house, runId, retry, retry);
  expect(invalidations(house, runId)).toHaveLength(1);
});

test.for(['before', 'after'] as const)(
  'owners that die %s everything around an invalidation lose nothing and do nothing twice',
  async (when) => {
    const { house, runId } = await sentBack();
    const deaths = new Set<string>();
    const at = (event: RunEvent): boolean => {
      const isAround = ['nodes.invalidated', 'node.verified', 'node.landed'].includes(event.type);
      const key = `${event.type} ${'node' in event ? event.node : ''}`;
      const isFirst = !deaths.has(key);
      deaths.add(key);
      return isAround && isFirst;
    };
    let lives = 1;
    while ((await house.own(runId, { dies: { when, at } })) === 'died') lives += 1;
    expect(lives).toBeGreaterThan(5);
    expect(house.run(runId).status).toMatchObject({ outcome: 'succeeded' });
    expect(invalidations(house, runId)).toHaveLength(1);
    expect(await house.lines('ran')).toEqual(['impl 1', 'impl 2']);
    expect((await readdir(join(house.store.paths.receipts(runId), 'stale'))).toSorted()).toEqual([
      'impl-1.json',
      'tester-1.json',
    ]);
    for (const name of ['impl', 'tester', 'gate'])
      expect(await handled(house, runId, `${name}.json`)).toMatchObject({ problems: [] });
  },
);

test('a planner that is done again withdraws its nodes, and may use their names anew', async () => {
  const house = await aHouse();
  await house.script({
    plan: [
      plan(planned('one', ['one.txt']), planned('two', ['two.txt'])),
      plan(planned('one', ['one.txt'])),
    ],
    one: [{ do: 'append', path: 'one.txt', text: '1\n' }, done],
    two: writes('two.txt', '2\n'),
  });
  const runId = await house.create({
    defaults: { ...aRunSpec([]).defaults, ...scripted },
    nodes: [
      aNode('plan', { ...scripted, role: 'planner', emit: 'nodes' }),
      writer('last', 'cp one.txt last.txt', { needs: ['plan'] }),
    ],
  });
  await house.own(runId);
  expect(house.store.view(runId).state).toBe('succeeded');
  await ownAfter(house, runId, { kind: 'retry', node: 'plan', text: 'one node will do' });
  expect(statuses(house, runId)).toEqual({
    plan: 'waiting',
    last: 'waiting',
    one: 'skipped',
    two: 'skipped',
  });
  await ownAfter(house, runId, { kind: 'resume', budget: null });
  expect(house.store.view(runId).state).toBe('succeeded');
  expect(statuses(house, runId)).toEqual({
    plan: 'verified',
    last: 'verified',
    one: 'verified',
    two: 'skipped',
  });
  expect(house.run(runId).nodes.get('one')?.attempts).toHaveLength(2);
  expect(await house.git('show', 'main:last.txt')).toBe('1\n1');
  const prompt = join(house.store.paths.attemptFolder(runId, 'plan', 2), 'prompt.md');
  expect(await readFile(prompt, 'utf8')).toContain('one node will do');
});
