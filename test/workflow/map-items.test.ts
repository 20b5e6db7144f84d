import { expect, test } from 'vitest';
import type { Json } from '../../src/core/json.ts';
import { nodeSpec, type NodeSpec } from '../../src/core/node.ts';
import { inScope } from '../../src/core/scope.ts';
import { expandWorkflow } from '../../src/workflow/expand.ts';
import { loadWorkflow } from '../../src/workflow/load.ts';
import { chooseItems, itemNodes } from '../../src/workflow/map-items.ts';

const writer =
  'as: file, node: { task: "Document ${file}", write: true, scope: { allow: ["${file}", "docs/**"] } }';

test('every item is a node of its own that needs what the map needs', async () => {
  const nodes = await nodesOf(writer, ['src/a.ts', 'app/[id]/page.ts']);
  for (const node of nodes) expect(nodeSpec.parse(node)).toEqual(node);
  expect(nodes).toMatchObject([
    {
      name: 'm-1',
      kind: 'agent',
      needs: ['before'],
      task: 'Document src/a.ts',
      scope: { allow: ['src/a.ts', 'docs/**'] },
      itemOf: 'm',
      items: ['src/a.ts'],
      map: null,
      when: null,
    },
    { name: 'm-2', scope: { allow: ['app/\\[id]/page.ts', 'docs/**'] } },
  ]);
});

test('a batch has its items one a line, and all of them in its scope', async () => {
  const nodes = await nodesOf(`batch: 2, ${writer}`, ['a', 'b', 'c']);
  expect(nodes.map(({ task, scope, items }) => ({ task, scope, items }))).toMatchObject([
    { task: 'Document a\nb', scope: { allow: ['a', 'b', 'docs/**'] }, items: ['a', 'b'] },
    { task: 'Document c', scope: { allow: ['c', 'docs/**'] }, items: ['c'] },
  ]);
});

test('a task that does not name its item gets it at its end', async () => {
  const nodes = await nodesOf('batch: 2, node: { task: "Look $${item} over\\n" }', [
    '${item}',
    'b',
    'c',
  ]);
  expect(nodes.map(({ task }) => task)).toEqual([
    'Look ${item} over\n\nThe items, one a line:\n${item}\nb',
    'Look ${item} over\n\nThe item:\nc',
  ]);
});

test('what looks like a reference inside an item stays what it is', async () => {
  const nodes = await nodesOf('node: { task: "$${item} is ${item}" }', ['${item} $& $${x}']);
  expect(nodes[0]?.task).toBe('${item} is ${item} $& $${x}');
});

test('rows have fields', async () => {
  const rows = [{ path: 'a.md', words: 3, note: null }, { path: 'b.md' }];
  const template =
    'as: row, node: { task: "${row.path}: ${row.words}${row.note}${row.__proto__}", write: true, scope: { allow: ["${row.path}"] } }';
  const nodes = await nodesOf(template, rows);
  expect(nodes.map(({ task, scope }) => [task, scope])).toMatchObject([
    ['a.md: 3', { allow: ['a.md'] }],
    ['b.md: ', { allow: ['b.md'] }],
  ]);
  expect(nodes[0]?.items).toEqual([JSON.stringify(rows[0])]);
});

test('a command is left as it is', async () => {
  const [node] = await nodesOf('node: { kind: command, run: \'wc -l "$MO_ITEM" ${HOME}\' }', [
    '; rm -rf x',
  ]);
  expect(node).toMatchObject({
    kind: 'command',
    role: 'automation',
    task: 'wc -l "$MO_ITEM" ${HOME}',
    items: ['; rm -rf x'],
  });
});

test.each([
  ['../up', 'contains ..'],
  ['/etc/passwd', 'is absolute'],
  ['.git/config', '.git'],
  ['', 'is empty'],
])('the item %j is no path for a scope', async (item, reason) => {
  const map = await mapOf(writer);
  const made = itemNodes(map, ['a.ts', item]);
  expect(made).toEqual({ error: expect.stringContaining(reason) });
  expect(made).toEqual({ error: expect.stringContaining('item 2 of m') });
});

test('an item in a scope is its own file, whatever is in its name, and the rest stays a pattern', async () => {
  const names = [
    'src/*.ts',
    'a?.ts',
    '{a,b}',
    'app/[id]/x.ts',
    '!a',
    '#b',
    '~c',
    ' d ',
    'e\\f',
    'C:g',
  ];
  const nodes = await nodesOf(writer, names);
  const others = ['src/a.ts', 'ab.ts', 'a', 'app/i/x.ts', 'b', 'c', 'd', 'ef', 'g'];
  for (const [place, { scope }] of nodes.entries()) {
    if (scope === null || scope === 'any') throw new Error('no scope');
    const within = [...names, ...others].filter((path) => inScope(scope, path));
    expect(within).toEqual([names[place]]);
    expect(inScope(scope, 'docs/a.md')).toBe(true);
  }
  const mixed = 'node: { task: x, write: true, scope: { allow: ["${item.dir}/*.md"] } }';
  const [node] = await nodesOf(mixed, [{ dir: 'a[b]*' }]);
  if (node?.scope === undefined || node.scope === null || node.scope === 'any')
    throw new Error('no scope');
  expect(inScope(node.scope, 'a[b]*/x.md')).toBe(true);
  expect(inScope(node.scope, 'ab/x.md')).toBe(false);
  expect(inScope(node.scope, 'a[b]*/x.ts')).toBe(false);
});

test('more than ten thousand items are not taken, unless a limit takes fewer', async () => {
  const many = Array.from({ length: 10_001 }, (_, index) => `f${index}`);
  expect(itemNodes(await mapOf(writer), many)).toEqual({
    error: expect.stringContaining('at most 10000'),
  });
  expect(await nodesOf(`limit: 3, ${writer}`, many)).toHaveLength(3);
});

test.each([
  [null, null, [1, 2, 3, 4, 5]],
  [3, null, [1, 2, 3]],
  [null, 2, [1, 5]],
  [null, 3, [1, 3, 5]],
  [4, 1, [1]],
  [null, 9, [1, 2, 3, 4, 5]],
])('limit %j and sample %j of five', (limit, sample, chosen) => {
  expect(chooseItems([1, 2, 3, 4, 5], { limit, sample })).toEqual(chosen);
});

async function mapOf(fields: string): Promise<NodeSpec> {
  const text = `version: 1\nname: x\nnodes: { before: { task: x }, m: { kind: map, needs: [before], over: [a], ${fields} } }`;
  const loaded = await loadWorkflow(text, 'x.yaml');
  if ('errors' in loaded) throw new Error(JSON.stringify(loaded.errors));
  const expanded = expandWorkflow(loaded.workflow);
  if ('errors' in expanded) throw new Error(JSON.stringify(expanded.errors));
  const map = expanded.nodes.find((node) => node.kind === 'map');
  if (map === undefined) throw new Error('no map');
  return map;
}

async function nodesOf(fields: string, items: Json[]): Promise<NodeSpec[]> {
  const made = itemNodes(await mapOf(fields), items);
  if ('error' in made) throw new Error(made.error);
  return made.nodes;
}
