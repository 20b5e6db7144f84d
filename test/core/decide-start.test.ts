import { expect, test } from 'vitest';
import { apply, foldRun } from '../../src/core/apply.ts';
import type { Day } from '../../src/core/action.ts';
import { decide } from '../../src/core/decide.ts';
import type { RunEvent } from '../../src/core/event.ts';
import { noSpend } from '../../src/core/spend.ts';
import { aNode, aRunSpec, aWorker } from './build.ts';

const endedAt = 1_000_000_000;
const backoffMs = 30_000;

/** A run whose only node has failed once and waits for its next attempt. */
function aWaitingRun() {
  const spec = aRunSpec([aNode('a')]);
  const attempt = { node: 'a', attempt: 1 };
  const events: RunEvent[] = [
    { type: 'run.created', spec },
    {
      type: 'attempt.started',
      ...attempt,
      route: null,
      reasons: [],
      base: null,
      reserved: { usd: null, tokens: null },
    },
    {
      type: 'attempt.ended',
      ...attempt,
      handoff: null,
      ending: {
        class: 'transient',
        message: 'overloaded',
        session: null,
        model: null,
        exitCode: 1,
        signal: null,
        resetsAt: null,
        spend: noSpend,
      },
    },
    {
      type: 'node.returned',
      ...attempt,
      cause: 'ending',
      message: 'overloaded',
      findings: [],
      notBefore: endedAt + backoffMs,
      counts: true,
      exclude: null,
      carry: null,
    },
  ];
  const run = foldRun(
    events.map((event, index) => ({
      runId: spec.runId,
      seq: index + 1,
      at: endedAt,
      epoch: 1,
      event,
    })),
  );
  if (run === null) throw new Error('no run');
  return run;
}

function decidedAt(now: number, day: Day | null = null, run = aWaitingRun()): string[] {
  const snapshot = {
    run,
    busy: new Set<string>(),
    lanes: [],
    workers: [aWorker('codex')],
    day,
  };
  return decide(snapshot, now).map((action) => action.do);
}

test('a node waits out its back-off and then starts', () => {
  expect(decidedAt(endedAt + 1)).toEqual(['wait']);
  expect(decidedAt(endedAt + backoffMs)).toEqual(['start']);
});

test('a clock that is corrected by a little changes nothing', () => {
  expect(decidedAt(endedAt - 5_000)).toEqual(['wait']);
});

test('a clock that is set back by a day does not make a back-off a day long', () => {
  expect(decidedAt(endedAt - 86_400_000)).toEqual(['start']);
});

test('a node waits for what other runs hold of the day', () => {
  expect(decidedAt(endedAt + backoffMs, { left: 1, held: 1 })).toEqual(['wait']);
  expect(decidedAt(endedAt + backoffMs, { left: 1, held: 0.9 })).toEqual(['wait']);
  expect(decidedAt(endedAt + backoffMs, { left: 1, held: 0.1 })).toEqual(['start']);
});

test('nobody waits for a day that is spent', () => {
  expect(decidedAt(endedAt + backoffMs, { left: 0, held: 1 })).toEqual(['record']);
  expect(decidedAt(endedAt + backoffMs, { left: 0, held: 0 })).toEqual(['record']);
});

test('a run that waits for an answer too looks again when the day is spent, and does not end', () => {
  const request = { id: 'q', kind: 'approval' as const, node: null, question: '?' };
  const run = aWaitingRun();
  const asked = apply(run, {
    runId: run.spec.runId,
    seq: run.seq + 1,
    at: endedAt,
    epoch: 1,
    event: { type: 'run.asked', request: { ...request, choices: ['yes'] } },
  });
  expect(decidedAt(endedAt + backoffMs, { left: 0, held: 0 }, asked)).toEqual(['wait']);
});
