import { expect, test } from 'vitest';
import { foldRun } from '../../src/core/apply.ts';
import type { RunEvent } from '../../src/core/event.ts';
import type { NodeSpec } from '../../src/core/node.ts';
import { nodeView, nodeViewOf, runView, viewOf, type RunView } from '../../src/core/view.ts';
import type { Run } from '../../src/core/run.ts';
import { aNode, aRunSpec } from './build.ts';

function aRun(nodes: NodeSpec[], ...events: RunEvent[]): Run {
  const spec = aRunSpec(nodes);
  const all: RunEvent[] = [{ type: 'run.created', spec }, ...events];
  const run = foldRun(
    all.map((event, index) => ({
      runId: spec.runId,
      seq: index + 1,
      at: index * 10,
      epoch: 1,
      event,
    })),
  );
  if (run === null) throw new Error('no run');
  return run;
}

const stateOf = (run: Run): RunView['state'] => viewOf(run, 0).state;

const start = (node: string, attempt = 1): RunEvent => ({
  type: 'attempt.started',
  node,
  attempt,
  route: null,
  reasons: [],
  base: null,
  reserved: { usd: null, tokens: null },
});

const end = (node: string, attempt = 1): RunEvent => ({
  type: 'attempt.ended',
  node,
  attempt,
  ending: {
    class: 'crashed',
    message: 'it crashed',
    exitCode: 1,
    signal: null,
    session: null,
    model: 'opus',
    spend: { usd: 1, input: 10, cached: 0, output: 5 },
    resetsAt: null,
  },
  handoff: null,
});

const ask: RunEvent = {
  type: 'run.asked',
  request: { id: 'approval:ok', kind: 'approval', node: 'ok', question: '?', choices: ['yes'] },
};

test('a view counts nodes by status and leaves out what there is none of', () => {
  const run = aRun([aNode('a'), aNode('b'), aNode('c')], start('a'));

  expect(viewOf(run, 42)).toMatchObject({
    state: 'running',
    counts: { waiting: 2, running: 1 },
    total: 3,
    branch: null,
    head: 'base',
    updatedAt: 42,
    endedAt: null,
  });
});

test('a run needs a person once nothing else goes on', () => {
  const approval = aNode('ok', { kind: 'approval' });
  const other = aNode('other');
  const after = aNode('after', { needs: ['ok'] });

  expect(stateOf(aRun([approval, after], ask))).toBe('needs');
  expect(stateOf(aRun([approval, after, other], ask))).toBe('running');
  expect(stateOf(aRun([approval, after, other], ask, start('other')))).toBe('running');
});

test('a finished run shows how, why and when it ended, whatever comes after', () => {
  const run = aRun([], { type: 'run.finished', outcome: 'exhausted', reason: 'no money' });

  expect(viewOf(run, 99)).toMatchObject({
    state: 'exhausted',
    reason: 'no money',
    endedAt: 10,
    updatedAt: 99,
  });
});

test('a node shows its newest attempt and the cost of all', () => {
  const returned: RunEvent = {
    type: 'node.returned',
    node: 'a',
    attempt: 1,
    cause: 'ending',
    message: 'm'.repeat(1_000),
    findings: [],
    notBefore: 0,
    counts: true,
    exclude: null,
    carry: null,
  };
  const run = aRun([aNode('a')], start('a'), end('a'), returned, start('a', 2), end('a', 2));
  const node = run.nodes.get('a');
  if (node === undefined) throw new Error('no node');

  expect(nodeViewOf(node)).toMatchObject({
    state: 'gating',
    attempt: 2,
    model: 'opus',
    startedAt: 40,
    endedAt: 50,
    spend: { usd: 2, input: 20, output: 10 },
    message: 'it crashed',
  });
  const waiting = aRun([aNode('a')], start('a'), end('a'), returned).nodes.get('a');
  expect(waiting && nodeViewOf(waiting).message).toHaveLength(400);
});

test('views are JSON that their schemas read', () => {
  const run = aRun([aNode('a')], start('a'), end('a'), ask);
  const nodes = [...run.nodes.values()].map(nodeViewOf);

  expect(runView.parse(JSON.parse(JSON.stringify(viewOf(run, 1))))).toEqual(viewOf(run, 1));
  expect(nodes.map((one) => nodeView.parse(JSON.parse(JSON.stringify(one))))).toEqual(nodes);
});

test('a branch is named once something has landed on it, and no more when it was discarded', () => {
  const landed: RunEvent = { type: 'node.landed', node: 'a', head: 'c-1', tree: 't-1' };
  const discarded: RunEvent = { type: 'run.landed', how: 'discard', target: null, commit: null };
  expect(viewOf(aRun([aNode('a')]), 0).branch).toBeNull();
  expect(viewOf(aRun([aNode('a')], landed), 0).branch).toBe('mo/r-1-test');
  expect(viewOf(aRun([aNode('a')], landed, discarded), 0).branch).toBeNull();
});

test('a run that asks while its budget holds the rest up waits for a person, and says who is held', () => {
  const spent: RunEvent[] = [
    { type: 'run.resumed', budget: { usd: 1, tokens: null } },
    start('a'),
    end('a'),
    { type: 'node.verified', node: 'a', attempt: 1, receipt: 'r', handoff: null },
    { ...ask },
  ];
  const nodes = [aNode('a'), aNode('b'), aNode('ok', { kind: 'approval' })];
  expect(viewOf(aRun(nodes, ...spent), 0)).toMatchObject({ state: 'needs', held: ['b'] });
  const more: RunEvent = { type: 'run.resumed', budget: { usd: 3, tokens: null } };
  expect(viewOf(aRun(nodes, ...spent, more), 0)).toMatchObject({ state: 'running', held: [] });
});
