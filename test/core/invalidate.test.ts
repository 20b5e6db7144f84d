import { expect, test } from 'vitest';
import { apply } from '../../src/core/apply.ts';
import { decide } from '../../src/core/decide.ts';
import { invalidationOf } from '../../src/core/invalidate.ts';
import type { RunEvent } from '../../src/core/event.ts';
import type { Run } from '../../src/core/run.ts';
import { viewOf } from '../../src/core/view.ts';
import { aNode, aRunSpec, aWorker } from './build.ts';

function fold(start: Run | null, ...events: RunEvent[]): Run {
  let run = start;
  for (const event of events)
    run = apply(run, { runId: 'r-1-test', seq: (run?.seq ?? 0) + 1, at: 1_000, epoch: 1, event });
  if (run === null) throw new Error('no run');
  return run;
}

const started = (node: string, attempt: number): RunEvent => ({
  type: 'attempt.started',
  node,
  attempt,
  route: null,
  reasons: [],
  base: 'base',
  reserved: { usd: null, tokens: null },
});

const ended = (node: string, attempt: number): RunEvent => ({
  type: 'attempt.ended',
  node,
  attempt,
  ending: {
    class: 'done',
    message: 'done',
    exitCode: 0,
    signal: null,
    session: null,
    model: null,
    spend: { usd: 0, input: 0, cached: 0, output: 0 },
    resetsAt: null,
  },
  handoff: {},
});

const verified = (node: string, attempt: number): RunEvent => ({
  type: 'node.verified',
  node,
  attempt,
  receipt: 'r',
  handoff: {},
});

const finished: RunEvent = { type: 'run.finished', outcome: 'succeeded', reason: 'done' };

const again = (run: Run, target: string): RunEvent =>
  invalidationOf(run, { by: 'person', target, reason: 'once more', findings: [] });

const spec = aRunSpec([aNode('one'), aNode('two', { needs: ['one'] })]);
const one = [started('one', 1), ended('one', 1), verified('one', 1)];

test('what was proved of the whole, and where it was brought, counts no more either', () => {
  const run = fold(
    null,
    { type: 'run.created', spec },
    ...one,
    { type: 'run.verified', commit: 'c', tree: 't', verdicts: [], receipt: 'r' },
    { type: 'run.landed', how: 'merge', target: 'main', commit: 'c' },
    finished,
  );
  const after = fold(run, again(run, 'one'));
  expect(after).toMatchObject({ verified: null, refused: null, landed: null });
  expect(viewOf(after, 0).state).toBe('needs_rerun');
});

test('what is proved of an attempt after it was invalidated proves nothing', () => {
  const run = fold(null, { type: 'run.created', spec }, ...one, started('two', 1), ended('two', 1));
  const after = fold(run, again(run, 'one'), verified('two', 1));
  expect(after.nodes.get('two')?.state.status).toBe('waiting');
});

test('a worker that is at work when its node is invalidated leaves before the node waits', () => {
  const run = fold(null, { type: 'run.created', spec }, ...one, started('two', 1));
  const after = fold(run, again(run, 'one'));
  expect(after.nodes.get('two')?.state.status).toBe('running');
  expect(fold(after, ended('two', 1)).nodes.get('two')?.state.status).toBe('waiting');
});

test('a worker that was done before a pause could stop it is not sent back', () => {
  const run = fold(null, { type: 'run.created', spec }, started('one', 1));
  const after = fold(run, { type: 'run.paused', workers: 'stop' }, ended('one', 1));
  expect(after.nodes.get('one')?.state.status).toBe('gating');
});

test('nodes that were emitted go with the node that emitted them, and their names are free again', () => {
  const planner = aNode('plan', { role: 'planner', emit: 'nodes' });
  const behind = aNode('behind', { needs: ['plan'] });
  const added: RunEvent = { type: 'nodes.added', by: 'plan', nodes: [aNode('work')], cycle: null };
  const run = fold(
    null,
    { type: 'run.created', spec: aRunSpec([planner, behind]) },
    started('plan', 1),
    ended('plan', 1),
    verified('plan', 1),
    added,
    started('work', 1),
    ended('work', 1),
    verified('work', 1),
  );
  expect(again(run, 'work')).toMatchObject({ nodes: ['work', 'behind'], dropped: [] });
  expect(again(run, 'plan')).toMatchObject({ nodes: ['plan', 'behind'], dropped: ['work'] });
  const dropped = fold(run, again(run, 'plan'));
  expect(dropped.nodes.get('work')?.state).toEqual({ status: 'skipped', by: 'plan' });
  const back = fold(dropped, added).nodes.get('work');
  expect(back).toMatchObject({ state: { status: 'waiting' }, stale: 1 });
  expect(back?.attempts).toHaveLength(1);
});

test('a node starts again only when the shell has let go of what it had left', () => {
  const run = fold(null, { type: 'run.created', spec }, started('one', 1), ended('one', 1));
  const after = fold(run, again(run, 'one'));
  const decided = (busy: string[]) =>
    decide(
      {
        run: after,
        busy: new Set(busy),
        lanes: [],
        workers: [aWorker('claude')],
        day: null,
      },
      2_000,
    ).map((action) => action.do);
  expect(decided(['gate:one'])).toEqual([]);
  expect(decided([])).toEqual(['start']);
});
