import { createHash } from 'node:crypto';
import { expect, test } from 'vitest';
import { apply, foldRun } from '../../src/core/apply.ts';
import type { RunEvent, RunSpec } from '../../src/core/event.ts';
import type { Json } from '../../src/core/json.ts';
import { nodeKey, type Circumstances } from '../../src/core/node-key.ts';
import type { NodeSpec } from '../../src/core/node.ts';
import type { Run } from '../../src/core/run.ts';
import { aMap, aNode, aRunSpec, aWriter } from './build.ts';

const hash = (text: string) => createHash('sha256').update(text).digest('hex');

const route = { provider: 'p', profile: null, model: null, effort: null, mode: 'write' as const };

const usual: Circumstances = {
  route,
  tree: 'tree',
  shownFrom: null,
  prompts: 'v1',
  contract: { type: 'object' },
};

function folded(spec: RunSpec, events: readonly RunEvent[] = []): Run {
  const all: RunEvent[] = [{ type: 'run.created', spec }, ...events];
  const run = foldRun(
    all.map((event, index) => ({ runId: spec.runId, seq: index + 1, at: 1, epoch: 1, event })),
  );
  if (run === null) throw new Error('no run');
  return run;
}

function keyIn(run: Run, name: string, over: Partial<Circumstances> = {}): string | null {
  const node = run.nodes.get(name);
  if (node === undefined) throw new Error(`no ${name}`);
  return nodeKey(run, node, { ...usual, ...over }, hash);
}

/** Of a writer that needs nothing. */
const keyOf = (
  node: Partial<NodeSpec> = {},
  run: Partial<RunSpec> = {},
  asked: Partial<Circumstances> = {},
) =>
  keyIn(
    folded(aRunSpec([aWriter('n', { gates: [command('npm test')], ...node })], run)),
    'n',
    asked,
  );

const command = (text: string, timeoutMs: number | null = null) => ({
  gate: 'command' as const,
  command: text,
  timeoutMs,
});

const verified = (node: string, handoff: Json = {}, key: string | null = `key of ${node}`) => [
  {
    type: 'attempt.started' as const,
    node,
    attempt: 1,
    route,
    reasons: [],
    base: 'base',
    reserved: { usd: null, tokens: null },
    ...(key === null ? {} : { key }),
  },
  { type: 'node.verified' as const, node, attempt: 1, receipt: 'r', handoff },
];

test.each([
  ['name', { name: 'n' }],
  ['retries', { retries: 9 }],
  ['budget', { budget: { usd: 7, tokens: 1 } }],
  ['time limits', { timeoutMs: 1, idleMs: 1 }],
  ['time limit of a gate', { gates: [command('npm test', 5)] }],
  ['output limit', { maxOutputBytes: 1, softOutputBytes: 1 }],
])('the %s of a node is not part of what it is asked', (_, over) => {
  expect(keyOf(over)).toBe(keyOf());
});

test('two nodes that differ in their names alone have one key', () => {
  const run = folded(aRunSpec([aNode('a', { task: 'x' }), aNode('b', { task: 'x' })]));
  expect(keyIn(run, 'a')).toBe(keyIn(run, 'b'));
});

test.each<[string, Parameters<typeof keyOf>]>([
  ['role', [{ role: 'testing' }]],
  ['task', [{ task: 'another' }]],
  ['scope', [{ scope: { allow: ['n/**'], deny: ['n/x'], maxDiffLines: null } }]],
  ['gates', [{ gates: [command('npm test'), command('npm run lint')] }]],
  ['goal', [{}, { goal: 'another' }]],
  ['secrets gate of the settings', [{}, { settings: { gates: { secrets: false } } }]],
  ['syntax gate of the settings', [{}, { settings: { gates: { syntax: { '.vue': 'check' } } } }]],
  ['set-up of worktrees', [{}, { settings: { worktrees: { setup: ['npm ci'] } } }]],
  ['environment of its profile', [{}, { settings: { providers: { p: { env: { URL: 'x' } } } } }]],
  ['contract', [{}, {}, { contract: true }]],
  ['base tree', [{}, {}, { tree: 'another' }]],
  ['change it is shown', [{}, {}, { shownFrom: 'tree' }]],
  ['prompts', [{}, {}, { prompts: 'v2' }]],
  ['provider', [{}, {}, { route: { ...route, provider: 'q' } }]],
  ['profile', [{}, {}, { route: { ...route, profile: 'fast' } }]],
  ['model', [{}, {}, { route: { ...route, model: 'm' } }]],
  ['effort', [{}, {}, { route: { ...route, effort: 'high' } }]],
  ['mode', [{}, {}, { route: { ...route, mode: 'read-only' } }]],
])('the %s is part of what a node is asked', (_, changed) => {
  expect(keyOf(...changed)).not.toBe(keyOf());
});

const needing = (needs: string[], ...events: RunEvent[]) =>
  keyIn(folded(aRunSpec([aNode('a'), aNode('b'), aNode('n', { needs })]), events), 'n');

test('the order of needs, and that in which they were done, is not part of it', () => {
  const one = needing(['a', 'b'], ...verified('a'), ...verified('b'));
  expect(one).not.toBeNull();
  expect(needing(['b', 'a'], ...verified('b'), ...verified('a'))).toBe(one);
});

test('what a need has said, what it was asked and whether it was skipped is part of it', () => {
  const keys = [
    needing(['a'], ...verified('a')),
    needing(['a'], ...verified('a', { summary: 'other' })),
    needing(['a'], ...verified('a', {}, 'another key')),
    needing(['a'], { type: 'node.skipped', node: 'a', by: 'when' }),
    needing([]),
  ];
  expect(new Set(keys).size).toBe(keys.length);
});

test('who rests on what cannot be known again has no key', () => {
  expect(needing(['a'], ...verified('a', {}, null))).toBeNull();
  expect(needing(['a'])).toBeNull();
});

test('what could not be known is looked at again', () => {
  const before = folded(aRunSpec([aNode('a'), aNode('n', { needs: ['a'] })]));
  expect(keyIn(before, 'n')).toBeNull();
  const after = verified('a').reduce<Run>(
    (run, event) => apply(run, { runId: 'r-1-test', seq: run.seq + 1, at: 1, epoch: 1, event }),
    before,
  );
  expect(keyIn(after, 'n')).not.toBeNull();
});

test('only workers have a key, and no planner, reviewer of plans or session that is gone on with', () => {
  expect(keyOf({ kind: 'command' })).toBeNull();
  expect(keyOf({ emit: 'nodes' })).toBeNull();
  expect(keyOf({ emit: 'review' })).toBeNull();
  expect(keyOf({ resume: 'session' })).toBeNull();
});

test('that a gate reads the answer of a reader is part of it, because it may say no then', () => {
  const gate = aNode('g', { kind: 'gate', needs: ['n'], passWhen: ['true'] });
  const reader = aNode('n', { role: 'testing' });
  expect(keyIn(folded(aRunSpec([reader, gate])), 'n')).not.toBe(
    keyIn(folded(aRunSpec([reader])), 'n'),
  );
});

const again = (...titles: string[]): RunEvent => ({
  type: 'nodes.invalidated',
  by: 'person',
  target: 'n',
  nodes: ['n'],
  dropped: [],
  reason: 'because',
  findings: titles.map((title) => ({
    severity: 'major',
    title,
    file: null,
    line: null,
    evidence: '',
  })),
});

test('what somebody said when it was asked for again is part of it; that it was asked for again is not', () => {
  const spec = aRunSpec([aWriter('n', { gates: [command('npm test')] })]);
  expect(keyIn(folded(spec, [again()]), 'n')).toBe(keyOf());
  expect(keyIn(folded(spec, [again('use tabs')]), 'n')).not.toBe(keyOf());
});

test('what it was told before it began is part of it', () => {
  const spec = aRunSpec([aWriter('n', { gates: [command('npm test')] })]);
  expect(keyIn(folded(spec, [{ type: 'node.told', node: 'n', text: 'use tabs' }]), 'n')).not.toBe(
    keyOf(),
  );
});

/** `last` needs a gate that needs a command that needs a map. */
function behindMap(itemKey: string): string | null {
  const spec = aRunSpec([
    aMap('map'),
    aNode('shell', { kind: 'command', needs: ['map'] }),
    aNode('gate', { kind: 'gate', needs: ['shell'], passWhen: ['true'] }),
    aNode('last', { needs: ['gate'] }),
  ]);
  return keyIn(
    folded(spec, [
      { type: 'node.verified', node: 'map', attempt: 1, receipt: 'r', handoff: {} },
      {
        type: 'nodes.added',
        by: 'map',
        nodes: [aNode('map-1', { itemOf: 'map' })],
        cycle: null,
      },
      ...verified('map-1', {}, itemKey),
      ...verified('shell', {}, null),
      { type: 'node.verified', node: 'gate', attempt: 1, receipt: 'r', handoff: {} },
    ]),
    'last',
  );
}

test('what a gate, a command or a map rests on is looked for behind it', () => {
  expect(behindMap('one')).not.toBeNull();
  expect(behindMap('one')).toBe(behindMap('one'));
  expect(behindMap('one')).not.toBe(behindMap('another'));
});

test('a chain of thousands of gates is followed to its end', () => {
  const gates = Array.from({ length: 9_000 }, (_, index) =>
    aNode(`g${index}`, {
      kind: 'gate',
      passWhen: ['true'],
      needs: index === 0 ? [] : [`g${index - 1}`],
    }),
  );
  const spec = aRunSpec([...gates, aNode('n', { needs: ['g8999'] })]);
  const passed = gates.map(({ name }): RunEvent => ({
    type: 'node.verified',
    node: name,
    attempt: 1,
    receipt: 'r',
    handoff: {},
  }));
  expect(keyIn(folded(spec, passed), 'n')).toMatch(/^[0-9a-f]{64}$/);
});

test('the items of a map are looked at once, not once for each that needs them', () => {
  const items = Array.from({ length: 5_000 }, (_, index) =>
    aNode(`map-${index + 1}`, { itemOf: 'map' }),
  );
  const spec = aRunSpec([
    aMap('map'),
    aNode('a', { needs: ['map'] }),
    aNode('b', { needs: ['map'] }),
  ]);
  const run = folded(spec, [
    { type: 'node.verified', node: 'map', attempt: 1, receipt: 'r', handoff: {} },
    { type: 'nodes.added', by: 'map', nodes: items, cycle: null },
    ...items.flatMap(({ name }) => verified(name)),
  ]);
  let hashed = 0;
  const counting = (text: string): string => {
    hashed += 1;
    return hash(text);
  };
  const [a, b] = [run.nodes.get('a'), run.nodes.get('b')];
  if (a === undefined || b === undefined) throw new Error('no nodes');
  nodeKey(run, a, usual, counting);
  expect(hashed).toBeGreaterThan(5_000);
  hashed = 0;
  nodeKey(run, b, usual, counting);
  expect(hashed).toBe(1);
});
