import { expect, test } from 'vitest';
import { apply } from '../../src/core/apply.ts';
import { decide } from '../../src/core/decide.ts';
import { escalationId } from '../../src/core/requests.ts';
import { stopOf } from '../../src/core/stop.ts';
import type { RunEvent } from '../../src/core/event.ts';
import type { Run } from '../../src/core/run.ts';
import { aNode, aRunSpec } from './build.ts';

function fold(spec: Parameters<typeof aRunSpec>, ...events: RunEvent[]): Run {
  const runId = 'r-1-test';
  const created: RunEvent = { type: 'run.created', spec: aRunSpec(...spec) };
  let run: Run | null = null;
  for (const [index, event] of [created, ...events].entries())
    run = apply(run, { runId, seq: index + 1, at: 1_000, epoch: 1, event });
  if (run === null) throw new Error('no run');
  return run;
}

const decided = (run: Run) =>
  decide({ run, busy: new Set(), lanes: [], workers: [], day: null }, 2_000);

const stop = (node: string | null, force: boolean): RunEvent => ({
  type: 'run.stopping',
  node,
  force,
});

test('who has asked for a stop at once does not take that back by asking again', () => {
  for (const name of [null, 'one']) {
    const run = fold([[aNode('one')]], stop(name, true), stop(name, false));
    const node = run.nodes.get('one');
    expect(node && stopOf(run, node)).toEqual({ force: true });
  }
});

test('a question that came up while a run was being stopped does not keep it from ending', () => {
  const request = {
    id: 'escalation:review:1',
    kind: 'escalation' as const,
    node: 'review',
    question: 'go on?',
    choices: ['continue', 'stop'],
  };
  const run = fold(
    [[aNode('one')]],
    stop(null, false),
    { type: 'node.stopped', node: 'one' },
    { type: 'run.asked', request },
  );
  expect(decided(run)).toMatchObject([
    { do: 'record', event: { type: 'run.finished', outcome: 'stopped' } },
  ]);
});

const judged = (node: string, cycle: number): RunEvent => ({
  type: 'review.judged',
  node,
  cycle,
  findings: [],
  judgement: 'plateau',
});

test('two reviewers ask a question of their own, and the answer to one is heard after the other has judged', () => {
  const run = fold([[]], judged('first', 1), judged('second', 2));
  expect(escalationId(run, 'first')).toBe('escalation:first:1');
  expect(escalationId(run, 'second')).toBe('escalation:second:2');
  // The run's own gates look at the whole again after every round of somebody else.
  expect(escalationId(run, 'verify')).toBe('escalation:verify:0');
});
