import { execa } from 'execa';
import { access, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { RunEvent, RunSpec } from '../../src/core/event.ts';
import type { NodeSpec } from '../../src/core/node.ts';
import { noSpend } from '../../src/core/spend.ts';
import { verifyReceipt } from '../../src/engine/verify-receipt.ts';
import { aMap, aNode } from '../core/build.ts';
import { done, writes } from '../e2e/rig.ts';
import { aHouse, hearing, untilFile, writer, type House } from './house.ts';

const reader = (name: string, over: Partial<NodeSpec> = {}): NodeSpec =>
  aNode(name, { provider: 'scripted', ...over });

const scribe = (name: string, over: Partial<NodeSpec> = {}): NodeSpec =>
  reader(name, {
    write: true,
    scope: { allow: [`${name}.txt`], deny: [], maxDiffLines: null },
    ...over,
  });

/** A writer, another one on top of it, who reads that, and one who has nothing to do with them. */
const chain = (over: { one?: Partial<NodeSpec>; two?: Partial<NodeSpec> } = {}): NodeSpec[] => [
  scribe('one', over.one),
  scribe('two', { needs: ['one'], ...over.two }),
  reader('look', { needs: ['two'], role: 'testing' }),
  reader('aside'),
];

const book = { one: writes('one.txt', '1\n'), two: writes('two.txt', '2\n') };

/** What rests on `one` only through a gate, a map and a command. */
const indirect = (task: string): NodeSpec[] => [
  reader('one', { task }),
  aNode('gate', { kind: 'gate', needs: ['one'], passWhen: ['true'] }),
  aMap('each', { item: { provider: 'scripted' } }, { needs: ['gate'] }),
  aNode('shell', { kind: 'command', task: 'true', needs: ['each'] }),
  reader('last', { needs: ['shell'] }),
];

async function aChain(): Promise<House> {
  const house = await aHouse();
  await house.script(book);
  await ran(house, chain());
  return house;
}

/** The run, when it is over; its branch is left alone, so that the next one begins where it began. */
async function ran(house: House, nodes: NodeSpec[], over: Partial<RunSpec> = {}): Promise<string> {
  const runId = await house.create({ nodes, land: 'branch', reuse: 'yes', ...over });
  expect(await house.own(runId)).toBe('ended');
  expect(house.run(runId).status).toMatchObject({ outcome: 'succeeded' });
  return runId;
}

const named = (house: House, runId: string, type: RunEvent['type']): string[] =>
  house
    .events(runId)
    .flatMap((event) => (event.type === type && 'node' in event ? [String(event.node)] : []))
    .toSorted();

const executed = (house: House, runId: string) => named(house, runId, 'attempt.started');
const reused = (house: House, runId: string) => named(house, runId, 'node.reused');
const treeOf = (house: House, runId: string) => house.git('rev-parse', `mo/${runId}^{tree}`);
const all = ['aside', 'look', 'one', 'two'];

const truth = (house: House, runId: string, node: string) =>
  verifyReceipt(house.engine, { file: house.store.paths.receipt(runId, node) });

test('the same workflow again takes every node over, says so, and makes the same tree for nothing', async () => {
  const house = await aChain();
  const runId = await ran(house, chain());
  expect(executed(house, runId)).toEqual([]);
  expect(reused(house, runId)).toEqual(all);
  expect(await treeOf(house, runId)).toBe(await treeOf(house, 'r-1-test'));
  const view = house.store.view(runId);
  expect(view.spend).toEqual(noSpend);
  expect(house.store.node(runId, 'look')).toMatchObject({
    message: 'reused from r-1/look',
    reused: { run: 'r-1-test', node: 'look', attempt: 1 },
  });
  const report = await readFile(house.store.paths.report(runId), 'utf8');
  expect(report).toContain('0 attempts, 4 reused');
  expect(report).toContain('verified, landed, reused from r-1/one');
  for (const node of all)
    expect(await truth(house, runId, node)).toMatchObject({ pass: true, problems: [] });
  const { verdicts } = await truth(house, runId, 'one');
  for (const { evidence } of verdicts) await access(join(house.repo, evidence ?? 'none'));
});

test('a node whose task has changed is executed, with all that rests on it and nothing else', async () => {
  const house = await aChain();
  const runId = await ran(house, chain({ two: { task: 'do it otherwise' } }));
  expect(executed(house, runId)).toEqual(['look', 'two']);
  expect(reused(house, runId)).toEqual(['aside', 'one']);
});

test('what rests on a changed node through a gate, a map and a command is executed too', async () => {
  const house = await aHouse();
  await ran(house, indirect('this'));
  const same = await ran(house, indirect('this'));
  expect(executed(house, same)).toEqual(['shell']);
  expect(reused(house, same)).toEqual(['each-1', 'each-2', 'last', 'one']);
  const other = await ran(house, indirect('that'));
  expect(reused(house, other)).toEqual([]);
});

test('another base tree is another question', async () => {
  const house = await aChain();
  await writeFile(join(house.repo, 'README.md'), 'hello again\n');
  await house.git('commit', '-qam', 'second');
  const runId = await ran(house, chain());
  expect(executed(house, runId)).toEqual(all);
});

test('another name, order, budget, time limit or number of retries is the same question', async () => {
  const house = await aHouse();
  await ran(house, [reader('a'), reader('b'), reader('c', { needs: ['a', 'b'] })]);
  const runId = await ran(house, [
    reader('b', { retries: 0, timeoutMs: 5_000, budget: { usd: 1, tokens: null } }),
    reader('a'),
    reader('renamed', { task: 'do c', needs: ['b', 'a'] }),
  ]);
  expect(reused(house, runId)).toEqual(['a', 'b', 'renamed']);
  expect(house.store.node(runId, 'renamed')?.message).toBe('reused from r-1/c');
});

test('a fresh run takes nothing over, and can be taken over', async () => {
  const house = await aChain();
  const fresh = await ran(house, chain(), { reuse: 'fresh' });
  expect(executed(house, fresh)).toEqual(all);
  const runId = await ran(house, chain());
  expect(house.store.node(runId, 'one')?.message).toBe('reused from r-2/one');
});

test('a run that reuses nothing is not reused either', async () => {
  const house = await aHouse();
  await ran(house, [reader('a')], { reuse: 'never' });
  expect(executed(house, await ran(house, [reader('a')]))).toEqual(['a']);
});

test('a stale receipt is not reused, and what rested on it already is true no more', async () => {
  const house = await aChain();
  const before = await ran(house, chain());
  house.store.sendSignal('r-1-test', { kind: 'retry', node: 'two', text: '' });
  await house.own('r-1-test');
  const runId = await ran(house, chain());
  expect(executed(house, runId)).toEqual(['look', 'two']);
  expect(await truth(house, before, 'two')).toMatchObject({
    pass: false,
    problems: ['It rests on the receipt of r-1-test/two, which is stale.'],
  });
  expect(await truth(house, before, 'one')).toMatchObject({ pass: true });
});

test('a receipt that was tampered with, or is gone, is not reused', async () => {
  const house = await aChain();
  const one = house.store.paths.receipt('r-1-test', 'one');
  await writeFile(one, (await readFile(one, 'utf8')).replace('"pass": true', '"pass":  true'));
  expect(reused(house, await ran(house, chain()))).toEqual(all);
  const forged = (await readFile(one, 'utf8')).replace('"attempt": 1', '"attempt": 2');
  await writeFile(one, forged);
  await rm(house.store.paths.receipt('r-1-test', 'aside'));
  const runId = await ran(house, chain());
  expect(executed(house, runId)).toEqual(['aside', 'one']);
  expect(house.log.join('\n')).toContain('one is not reused from r-1/one');
});

test('work that is not in the repository any more is done again', async () => {
  const house = await aChain();
  for (const ref of ['one', 'two', 'look', 'aside'])
    await house.git('update-ref', '-d', `refs/mo/r-1-test/${ref}`);
  await house.git('branch', '-D', 'mo/r-1-test');
  await house.git('reflog', 'expire', '--expire=now', '--all');
  await house.git('gc', '--quiet', '--prune=now');
  const runId = await ran(house, chain());
  expect(executed(house, runId)).toEqual(['one', 'two']);
  expect(reused(house, runId)).toEqual(['aside', 'look']);
});

test('work on another commit with the same tree comes without the history of that run', async () => {
  const house = await aChain();
  const old = await house.git('rev-parse', 'HEAD');
  await house.git('commit', '-q', '--amend', '-m', 'said better');
  const runId = await ran(house, chain());
  expect(reused(house, runId)).toEqual(all);
  expect(await house.git('log', '--format=%s', `mo/${runId}`)).toBe(
    'two: do two\none: do one\nsaid better',
  );
  const isIn = await execa('git', ['merge-base', '--is-ancestor', old, `mo/${runId}`], {
    cwd: house.repo,
    reject: false,
  });
  expect(isIn.exitCode).toBe(1);
  expect(await truth(house, runId, 'two')).toMatchObject({ pass: true, problems: [] });
});

test('a discarded run is not taken over', async () => {
  const house = await aChain();
  house.store.sendSignal('r-1-test', { kind: 'land', how: 'discard', target: null });
  await house.own('r-1-test');
  expect(executed(house, await ran(house, chain()))).toEqual(all);
});

test('who asks the same twice gets two answers', async () => {
  const house = await aHouse();
  const twins = [reader('a', { task: 'think' }), reader('b', { task: 'think', needs: [] })];
  await ran(house, twins, { concurrency: 1 });
  expect(executed(house, 'r-1-test')).toEqual(['a', 'b']);
  const runId = await ran(house, [...twins, reader('c', { task: 'think' })]);
  expect(executed(house, runId)).toEqual(['c']);
  const froms = house
    .events(runId)
    .flatMap((event) => (event.type === 'node.reused' ? [event.from.node] : []));
  expect(froms.toSorted()).toEqual(['a', 'b']);
});

test('two runs at the same moment disturb each other in nothing', async () => {
  const house = await aHouse();
  await house.script(book);
  const [one, two] = await Promise.all([ran(house, chain()), ran(house, chain())]);
  expect(await treeOf(house, one)).toBe(await treeOf(house, two));
  expect(reused(house, await ran(house, chain()))).toEqual(all);
});

test('a reused node that a person asks for again is executed', async () => {
  const house = await aHouse();
  // Whoever reads what they read leaves the tree, and so the question, as it was.
  const nodes = [reader('one'), reader('two', { needs: ['one'] })];
  await ran(house, nodes);
  const runId = await ran(house, nodes);
  house.store.sendSignal(runId, { kind: 'retry', node: 'one', text: '' });
  house.store.sendSignal(runId, { kind: 'resume', budget: null });
  await house.own(runId);
  expect(house.run(runId).status).toMatchObject({ outcome: 'succeeded' });
  expect(executed(house, runId)).toEqual(['one']);
  expect(reused(house, runId)).toEqual(['one', 'two', 'two']);
  expect(house.run(runId).nodes.get('one')?.state).toMatchObject({ attempt: 2 });
  expect(house.store.node(runId, 'one')).toMatchObject({ reused: null, message: null });
  const stale = join(house.store.paths.receipts(runId), 'stale/one-1.json');
  expect(await verifyReceipt(house.engine, { file: stale })).toMatchObject({ pass: false });
  expect(await truth(house, runId, 'one')).toMatchObject({ pass: true });
});

test('a reused node whose landing conflicts is executed', async () => {
  const house = await aHouse();
  await mkdir(join(house.repo, 'old'));
  await writeFile(join(house.repo, 'old/a.txt'), 'hello\n'.repeat(20));
  await house.git('add', '-A');
  await house.git('commit', '-qm', 'a folder');
  const file = scribe('one', {
    scope: { allow: ['old/b.txt', 'one.txt'], deny: [], maxDiffLines: null },
  });
  await house.script({ one: [writes('old/b.txt', 'b\n'), writes('one.txt', '1\n')] });
  await ran(house, [file]);
  // Git does not decide whether what was added to a folder moves along with it.
  const folder = writer('folder', `${untilFile('go')}; mkdir new; mv old/a.txt new/a.txt`, {
    scope: { allow: ['old/a.txt', 'new/a.txt'], deny: [], maxDiffLines: null },
  });
  const runId = await house.create({ nodes: [folder, file], land: 'branch', reuse: 'yes' });
  // Paused before it can land, and until the other one may land first.
  const paused = hearing((event) => event.type === 'run.paused');
  const onAppend = (events: readonly RunEvent[]): void => {
    if (events.some((event) => event.type === 'node.reused'))
      house.store.sendSignal(runId, { kind: 'pause', workers: 'finish' });
    paused.onAppend(events);
  };
  void paused.happened.then(() => writeFile(join(house.folder, 'go'), ''));
  await house.own(runId, { onAppend });
  house.store.sendSignal(runId, { kind: 'resume', budget: null });
  await house.own(runId);
  expect(house.run(runId).status).toMatchObject({ outcome: 'succeeded' });
  expect(reused(house, runId)).toEqual(['one']);
  expect(house.events(runId).find((event) => event.type === 'node.returned')).toMatchObject({
    node: 'one',
    cause: 'conflict',
  });
  expect(executed(house, runId)).toEqual(['folder', 'one']);
  expect(await house.git('show', `mo/${runId}:one.txt`)).toBe('1');
});

const isTakingOver = (event: RunEvent) => event.type === 'node.reused' && event.node === 'one';

test('an owner that dies as it takes a node over leaves it to the next one', async () => {
  const house = await aChain();
  for (const when of ['before', 'after'] as const) {
    const runId = await house.create({ nodes: chain(), land: 'branch', reuse: 'yes' });
    expect(await house.own(runId, { dies: { when, at: isTakingOver } })).toBe('died');
    expect(await house.own(runId)).toBe('ended');
    expect(reused(house, runId)).toEqual(all);
  }
});

test('what was done after an answer was sent back by its gates is found like any', async () => {
  const house = await aHouse();
  const gates = [{ gate: 'command' as const, command: 'test -e one.txt', timeoutMs: null }];
  await house.script({ one: [[done], writes('one.txt', '1\n')] });
  await ran(house, [scribe('one', { gates })]);
  expect(executed(house, 'r-1-test')).toEqual(['one', 'one']);
  expect(reused(house, await ran(house, [scribe('one', { gates })]))).toEqual(['one']);
});

test('what was done after somebody had added to the task is the answer to another question', async () => {
  const house = await aHouse();
  for (const [text, found] of [
    ['', ['one']],
    ['use tabs', []],
  ] as const) {
    const first = await ran(house, [reader('one', { task: `look ${text}` })]);
    house.store.sendSignal(first, { kind: 'retry', node: 'one', text });
    house.store.sendSignal(first, { kind: 'resume', budget: null });
    await house.own(first);
    const runId = await ran(house, [reader('one', { task: `look ${text}` })]);
    expect(reused(house, runId)).toEqual(found);
  }
});
