import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { RunEvent } from '../../src/core/event.ts';
import type { ItemSpec, MapSpec, NodeSpec } from '../../src/core/node.ts';
import type { ListSource } from '../../src/workflow/expression.ts';
import { handedOver } from '../../src/core/map-progress.ts';
import { listSourceOf } from '../../src/engine/list-source.ts';
import { verifyReceipt } from '../../src/engine/verify-receipt.ts';
import { aMap, aNode } from '../core/build.ts';
import { done } from '../e2e/rig.ts';
import { aHouse, writer, type House } from './house.ts';

const letters = 'abcdefghijkl'.split('');

/** Each real execution adds a line to `ran` in the house. */
const item = (command: string, over: Partial<ItemSpec> = {}): Partial<ItemSpec> => ({
  kind: 'command',
  write: true,
  scope: { allow: ['${item}.txt'], deny: [], maxDiffLines: null },
  task: `echo "$MO_ITEM $MO_ATTEMPT_NO" >> ../../../../../ran; ${command}`,
  ...over,
});

const writes = item('echo "$MO_ITEM" > "$MO_ITEM.txt"');

const docs = (map: Parameters<typeof aMap>[1], over: Partial<NodeSpec> = {}): NodeSpec =>
  aMap('docs', { over: JSON.stringify(letters), concurrency: 3, item: writes, ...map }, over);

const outcomeOf = (house: House, runId: string) => house.run(runId).status;

const stateOf = (house: House, runId: string, name: string) =>
  house.run(runId).nodes.get(name)?.state;

test('twelve items on three slots: three worktrees are made and set up, every item lands, nothing is left', async () => {
  const house = await aHouse();
  const runId = await house.create({
    concurrency: 8,
    settings: { worktrees: { setup: ['pwd >> ../../../../../setup'] } },
    nodes: [
      docs({}),
      aNode('gate', {
        kind: 'gate',
        needs: ['docs'],
        passWhen: ['docs.total == 12 && docs.verified == 12 && docs.status == "pass"'],
      }),
    ],
  });
  expect(await house.own(runId)).toBe('ended');
  expect(outcomeOf(house, runId)).toMatchObject({ outcome: 'succeeded' });
  expect((await house.lines('ran')).toSorted()).toEqual(letters.map((one) => `${one} 1`));
  const made = (await house.lines('setup')).map((path) => path.split('/').at(-1) ?? '').toSorted();
  expect(made.filter((name) => name !== '.landing')).toEqual(['docs.0', 'docs.1', 'docs.2']);
  const tree = await house.git('ls-tree', '--name-only', 'main');
  expect(tree.split('\n')).toEqual(['README.md', ...letters.map((one) => `${one}.txt`)]);
  expect(await readdir(house.store.paths.runWorktrees(runId))).toEqual([]);
  expect((await house.git('worktree', 'list')).split('\n')).toHaveLength(1);
});

test('what a map became is in its receipt', async () => {
  const house = await aHouse();
  const runId = await house.create({ nodes: [docs({ batch: 5 })] });
  await house.own(runId);
  const file = house.store.paths.receipt(runId, 'docs');
  const checked = await verifyReceipt(house.engine, { file });
  expect(checked).toMatchObject({ pass: true, problems: [] });
  expect(stateOf(house, runId, 'docs')).toMatchObject({
    status: 'verified',
    handoff: { summary: '12 items in 3 nodes', total: 3 },
  });
});

test('an item that fails once is done again; the others are not', async () => {
  const house = await aHouse();
  const failing = 'test "$MO_ITEM-$MO_ATTEMPT_NO" != c-1 || exit 1; echo 1 > "$MO_ITEM.txt"';
  const runId = await house.create({
    nodes: [docs({ over: '["a", "b", "c", "d"]', item: item(failing) })],
  });
  await house.own(runId);
  expect(outcomeOf(house, runId)).toMatchObject({ outcome: 'succeeded' });
  expect((await house.lines('ran')).toSorted()).toEqual(['a 1', 'b 1', 'c 1', 'c 2', 'd 1']);
});

test('an item that fails for good blocks who needs the map; the other items go on', async () => {
  const house = await aHouse();
  const runId = await house.create({
    nodes: [
      docs({
        concurrency: 1,
        item: item('test "$MO_ITEM" != b && echo 1 > "$MO_ITEM.txt"', { retries: 0 }),
      }),
      writer('after', 'true', { needs: ['docs'] }),
    ],
  });
  await house.own(runId);
  expect(outcomeOf(house, runId)).toMatchObject({ outcome: 'failed' });
  expect(await house.lines('ran')).toHaveLength(12);
  expect(stateOf(house, runId, 'after')).toEqual({ status: 'blocked', by: 'docs-2' });
  const report = await readFile(house.store.paths.report(runId), 'utf8');
  expect(report).toContain('**Map docs:** 11 of 12 verified, 0 skipped, 1 failed: docs-2');
  expect(handedOver(house.run(runId), 'docs')).toMatchObject({
    status: 'fail',
    total: 12,
    verified: 11,
    failed: 1,
  });
});

test('a map over nothing is done', async () => {
  const house = await aHouse();
  const runId = await house.create({
    nodes: [docs({ over: '[]' }), writer('after', 'true', { needs: ['docs'] })],
  });
  await house.own(runId);
  expect(outcomeOf(house, runId)).toMatchObject({ outcome: 'succeeded' });
  expect(await house.lines('ran')).toEqual(['after 1']);
  expect(handedOver(house.run(runId), 'docs')).toMatchObject({ status: 'pass', total: 0 });
});

test('an owner that dies in the middle of a map: the next one goes on, and no item is done twice', async () => {
  const house = await aHouse();
  const runId = await house.create({ concurrency: 8, nodes: [docs({})] });
  const dying = (when: 'before' | 'after', type: RunEvent['type'], count: number) => {
    let seen = 0;
    const at = (event: RunEvent) => event.type === type && (seen += 1) === count;
    return house.own(runId, { dies: { when, at } });
  };
  expect(await dying('before', 'nodes.added', 1)).toBe('died');
  expect(await dying('after', 'attempt.spawned', 3)).toBe('died');
  expect(await dying('before', 'node.landed', 3)).toBe('died');
  expect(await dying('after', 'attempt.ended', 3)).toBe('died');
  expect(await house.own(runId)).toBe('ended');
  expect(outcomeOf(house, runId)).toMatchObject({ outcome: 'succeeded' });
  // An attempt that was lost before there was a worker is another one in number, not in work.
  const items = (await house.lines('ran')).map((line) => line.split(' ')[0] ?? '');
  expect(items.toSorted()).toEqual(letters);
  expect(await readdir(house.store.paths.runWorktrees(runId))).toEqual([]);
});

test('a map that is done again makes its items anew from what is there then', async () => {
  const house = await aHouse();
  const list = 'test -e list.txt && echo c >> list.txt || printf "a\\nb\\n" > list.txt';
  const runId = await house.create({
    nodes: [writer('list', list), docs({ over: 'lines("list.txt")' }, { needs: ['list'] })],
  });
  await house.own(runId);
  expect(handedOver(house.run(runId), 'docs')).toMatchObject({ total: 2, verified: 2 });
  house.store.sendSignal(runId, { kind: 'retry', node: 'list', text: 'more' });
  house.store.sendSignal(runId, { kind: 'resume', budget: null });
  await house.own(runId);
  expect(handedOver(house.run(runId), 'docs')).toMatchObject({ total: 3, verified: 3 });
  expect((await house.lines('ran')).filter((line) => !line.startsWith('list')).toSorted()).toEqual([
    'a 1',
    'a 2',
    'b 1',
    'b 2',
    'c 1',
  ]);
});

test('a list that cannot be read, or is too long for the run, fails the map', async () => {
  const house = await aHouse();
  const failed = async (map: Partial<MapSpec>): Promise<unknown> => {
    const runId = await house.create({ maxNodes: 11, nodes: [docs(map)] });
    await house.own(runId);
    return stateOf(house, runId, 'docs');
  };
  expect(await failed({ over: 'lines("gone.txt")' })).toMatchObject({
    status: 'failed',
    message: expect.stringContaining('there is no file gone.txt'),
  });
  expect(await failed({ over: 'inputs.none' })).toMatchObject({ status: 'failed' });
  expect(await failed({})).toMatchObject({
    status: 'failed',
    message: expect.stringContaining('it may have 11'),
  });
});

test('an agent is given its item; a command finds a batch in its environment', async () => {
  const house = await aHouse();
  await house.script({ default: [{ do: 'handoff', value: done }] });
  const runId = await house.create({
    nodes: [
      aMap('agents', {
        over: '[{"path": "x.ts"}]',
        as: 'row',
        item: { provider: 'scripted', task: 'Look at ${row.path}' },
      }),
      aMap('shell', {
        over: '["p q", "$(id)"]',
        batch: 2,
        item: { kind: 'command', task: 'echo "[$MO_ITEM] $MO_ITEMS" >> ../../../../../ran' },
      }),
    ],
  });
  await house.own(runId);
  expect(outcomeOf(house, runId)).toMatchObject({ outcome: 'succeeded' });
  expect(await house.lines('ran')).toEqual(['[p q] p q', '$(id)']);
  expect(house.run(runId).nodes.get('agents-1')?.spec.task).toBe('Look at x.ts');
});

test('items come from the tree of the head, or from the folder outside git', async () => {
  const house = await aHouse();
  const files = {
    'list.csv': 'path,"a ""name"""\r\nx.ts,"1, 2"\r\n\r\ny.ts\r\n',
    'rows.jsonl': '{"a": 1}\n\n"two"\n',
    'list.json': '[1, "b"]',
    'no.json': '{}',
    'app-[id]-page.ts': 'a\n\nb',
  };
  for (const [name, text] of Object.entries(files)) await writeFile(join(house.repo, name), text);
  const runId = await house.create({ nodes: [] });
  const run = house.run(runId);
  const outside = listSourceOf({ ...house.engine, repository: null }, run);
  await house.git('add', '-A');
  await house.git('commit', '-qm', 'lists');
  const commit = (await house.git('rev-parse', 'HEAD')).trim();
  await writeFile(join(house.repo, 'list.json'), '["not committed"]');
  const inside = listSourceOf(house.engine, { ...run, head: { commit, tree: null } });
  expect(await inside('json', 'list.json')).toEqual([1, 'b']);
  expect(await outside('json', './list.json')).toEqual(['not committed']);
  for (const read of [inside, outside]) {
    expect(await read('files', '*.ts')).toEqual(['app-[id]-page.ts']);
    expect(await read('files', ['*.md', 'list.*'])).toEqual(['README.md', 'list.csv', 'list.json']);
    expect(await read('lines', 'app-[id]-page.ts')).toEqual(['a', 'b']);
    expect(await read('jsonl', 'rows.jsonl')).toEqual([{ a: 1 }, 'two']);
    expect(await read('csv', 'list.csv')).toEqual([
      { path: 'x.ts', 'a "name"': '1, 2' },
      { path: 'y.ts', 'a "name"': '' },
    ]);
    const wrong: [ListSource, string, string][] = [
      ['json', 'no.json', 'holds no list'],
      ['jsonl', 'list.csv', 'line 1'],
      ['lines', '../secret', 'there is no file'],
      ['files', '../*', 'files()'],
    ];
    for (const [source, argument, words] of wrong)
      await expect(read(source, argument)).rejects.toThrow(words);
  }
});
