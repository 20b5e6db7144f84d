import { expect, test } from 'vitest';
import { foldRun } from '../../src/core/apply.ts';
import { decide } from '../../src/core/decide.ts';
import type { RunEvent, RunSpec } from '../../src/core/event.ts';
import type { NodeSpec } from '../../src/core/node.ts';
import type { Run } from '../../src/core/run.ts';
import type { EndClass } from '../../src/core/worker.ts';
import { aNode, aRunSpec, aWorker } from './build.ts';

const usd = (ceiling: number) => ({ usd: ceiling, tokens: null });

function aRun(nodes: NodeSpec[], over: Partial<RunSpec>, ...events: RunEvent[]): Run {
  const spec = aRunSpec(nodes, { base: null, ...over });
  const all: RunEvent[] = [{ type: 'run.created', spec }, ...events];
  const run = foldRun(
    all.map((event, index) => ({ runId: spec.runId, seq: index + 1, at: index, epoch: 1, event })),
  );
  if (run === null) throw new Error('no run');
  return run;
}

function next(run: Run, leftOfDay: number | null = null) {
  return decide(
    {
      run,
      busy: new Set(),
      lanes: [],
      workers: [aWorker('claude')],
      day: leftOfDay === null ? null : { left: leftOfDay, held: 0 },
    },
    1_000,
  );
}

/** An attempt on `node` that ends like this; `spent`: null where its CLI reports no money. */
function attempt(
  node: string,
  endClass: EndClass,
  spent: number | null = 1,
  reserved = 1,
): RunEvent[] {
  const ending = {
    class: endClass,
    message: `it ended: ${endClass}`,
    exitCode: 1,
    signal: null,
    session: null,
    model: null,
    spend: { usd: spent, input: 10, cached: 0, output: 5 },
    resetsAt: null,
  };
  return [
    {
      type: 'attempt.started',
      node,
      attempt: 1,
      route: null,
      reasons: [],
      base: null,
      reserved: usd(reserved),
    },
    { type: 'attempt.ended', node, attempt: 1, ending, handoff: null },
  ];
}

const verified = (node: string): RunEvent => ({
  type: 'node.verified',
  node,
  attempt: 1,
  receipt: 'r',
  handoff: null,
});

const failed = (node: string): RunEvent => ({
  type: 'node.failed',
  node,
  message: 'it ended',
  findings: [],
});

const exhausted: RunEvent = { type: 'run.finished', outcome: 'exhausted', reason: 'spent' };
const resumed = (ceiling: number): RunEvent => ({ type: 'run.resumed', budget: usd(ceiling) });

test('a run whose budget is spent ends as exhausted and names the budget', () => {
  const run = aRun(
    [aNode('a'), aNode('b')],
    { budget: usd(1) },
    ...attempt('a', 'done'),
    verified('a'),
  );
  expect(next(run)).toEqual([
    {
      do: 'record',
      event: { type: 'run.finished', outcome: 'exhausted', reason: 'the budget of $1 is spent' },
    },
  ]);
});

test('money that no CLI has reported is told apart from what was', () => {
  const run = aRun(
    [aNode('a'), aNode('b'), aNode('c')],
    { budget: usd(10) },
    ...attempt('a', 'done', 0.8, 0.8),
    verified('a'),
    ...attempt('b', 'done', null, 9.2),
    verified('b'),
  );
  expect(next(run)).toMatchObject([
    {
      event: {
        reason:
          'the budget of $10 is used up: $0.80 reported, $9.20 charged for attempts whose CLI reports no money',
      },
    },
  ]);
});

test('money of the day that is spent is told apart from the budget of the run', () => {
  const run = aRun([aNode('a')], { budget: usd(5) });
  expect(next(run, 0)).toMatchObject([
    { event: { outcome: 'exhausted', reason: expect.stringContaining('usd_per_day') } },
  ]);
});

test('an exhausted run goes on under a larger budget where it stopped', () => {
  const run = aRun(
    [aNode('a'), aNode('b')],
    { budget: usd(1) },
    ...attempt('a', 'done'),
    verified('a'),
    exhausted,
    resumed(3),
  );
  expect(run.nodes.get('a')?.state.status).toBe('verified');
  expect(next(run)).toMatchObject([{ do: 'start', node: 'b', reserved: usd(0.75) }]);
});

test.each<EndClass>(['budget', 'quota'])(
  'a node that ended for want of %s makes the run exhausted, and has all that is left when it goes on',
  (endClass) => {
    const nodes = [aNode('a', { budget: usd(1) }), aNode('b', { needs: ['a'] })];
    const blocked: RunEvent = { type: 'node.blocked', node: 'b', by: 'a' };
    const events = [...attempt('a', endClass), failed('a'), blocked];
    const ended = aRun(nodes, { budget: usd(1) }, ...events);
    expect(next(ended)).toMatchObject([
      { event: { type: 'run.finished', outcome: 'exhausted', reason: 'a: it ended' } },
    ]);
    const run = aRun(nodes, { budget: usd(1) }, ...events, exhausted, resumed(4));
    expect(run.nodes.get('b')?.state.status).toBe('waiting');
    expect(next(run)).toMatchObject([{ do: 'start', node: 'a', attempt: 2, reserved: usd(3) }]);
  },
);

test('a node that failed by itself decides the end, whatever the budget of another', () => {
  const events = [...attempt('a', 'budget'), failed('a'), ...attempt('b', 'refused'), failed('b')];
  const run = aRun([aNode('a'), aNode('b')], { budget: usd(9) }, ...events);
  expect(next(run)).toMatchObject([{ event: { outcome: 'failed', reason: 'b: it ended' } }]);
});

test('a run that ended otherwise does not go on by more budget', () => {
  const over: RunEvent = { type: 'run.finished', outcome: 'failed', reason: 'wrong' };
  const run = aRun([aNode('a')], { budget: usd(1) }, over, resumed(4));
  expect(run.status).toMatchObject({ status: 'finished', outcome: 'failed' });
});
