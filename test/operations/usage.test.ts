import { expect, test } from 'vitest';
import { usage } from '../../src/operations/usage.ts';
import { aNode } from '../core/build.ts';
import { aProject, aRun } from './project.ts';

const two = (part: number) => String(part).padStart(2, '0');
const all = { by: 'run', since: '30d' } as const;
const failed = {
  class: 'crashed',
  message: 'gone',
  exitCode: 1,
  signal: null,
  session: null,
  model: null,
  spend: { usd: null, input: 50, cached: 10, output: 5 },
  resetsAt: null,
} as const;

test('a project without a workspace has used nothing', async () => {
  const { context } = await aProject();
  const answer = await usage.run(all, { ...context, storeIfAny: async () => null });
  expect(answer).toMatchObject({ rows: [], lanes: [], budgets: [], total: { attempts: 0 } });
});

test('attempts are summed by what is asked for, those at work included', async () => {
  const project = await aProject();
  const nodes = [aNode('one'), aNode('two', { role: 'review' }), aNode('three')];
  const { runId, record, owner } = aRun(project, nodes, { budget: { usd: 2, tokens: null } });
  owner.start('one');
  owner.verify('one');
  owner.start('two');
  record([{ type: 'attempt.ended', node: 'two', attempt: 1, ending: failed, handoff: null }]);
  owner.start('three');
  owner.act('three', { spend: { usd: 0.5, input: 100, cached: 0, output: 10 } });

  const byRole = await usage.run({ ...all, by: 'role', run_id: runId }, project.context);
  expect(byRole.rows).toMatchObject([
    { key: 'implementation', attempts: 2, failed: 1, running: 1, usd: 0.75, tokens: 1_310 },
    { key: 'review', attempts: 1, usd: null, tokens: 55, cached: 10 },
  ]);
  expect(byRole.total).toMatchObject({ attempts: 3, running: 1, usd: 0.75, unpriced: 1 });
  // What is at work is not charged yet.
  expect(byRole.budgets).toMatchObject([{ of: runId, unit: 'usd', ceiling: 2, charged: 0.25 }]);

  const keys = async (by: 'run' | 'node' | 'day' | 'provider' | 'model') =>
    (await usage.run({ ...all, by }, project.context)).rows.map(({ key }) => key);
  expect(await keys('run')).toEqual([runId]);
  expect(await keys('node')).toEqual([`${runId}/three`, `${runId}/one`, `${runId}/two`]);
  expect(await keys('provider')).toEqual(['codex']);
  expect(await keys('model')).toEqual(['gpt-5.5', 'gpt-5.5-2026']);
  const today = new Date();
  expect(await keys('day')).toEqual([
    `${today.getFullYear()}-${two(today.getMonth() + 1)}-${two(today.getDate())}`,
  ]);
});

test('what is proved is no failure, and neither is what is being gated', async () => {
  const project = await aProject();
  const { record, owner } = aRun(project, [aNode('one'), aNode('two')]);
  owner.start('one');
  const done = { ...failed, class: 'done', message: 'done' } as const;
  const ended = { type: 'attempt.ended', attempt: 1, ending: done, handoff: null } as const;
  record([{ ...ended, node: 'one' }]);
  expect((await usage.run(all, project.context)).total).toMatchObject({ attempts: 1, failed: 0 });
  record([{ type: 'node.failed', node: 'one', message: 'refused', findings: [] }]);
  expect((await usage.run(all, project.context)).total).toMatchObject({ attempts: 1, failed: 1 });
  owner.start('two');
  record([{ ...ended, node: 'two' }]);
  const receipt = 'receipts/two.json';
  record([{ type: 'node.verified', node: 'two', attempt: 1, receipt, handoff: null }], {
    receipts: [
      {
        node: 'two',
        attempt: 1,
        path: receipt,
        commit: null,
        tree: null,
        digest: 'd',
        createdAt: 1,
      },
    ],
  });
  expect((await usage.run(all, project.context)).total).toMatchObject({ attempts: 2, failed: 1 });
});

test('a lane tells its quota until its window opens anew', async () => {
  const project = await aProject();
  const { owner } = aRun(project, [aNode('one'), aNode('two')]);
  const resetsAt = Date.now() + 3_600_000;
  owner.start('one');
  owner.act('one', { quota: { status: 'warning', used: 0.82, resetsAt } });
  owner.start('two');
  const { lanes } = await usage.run(all, project.context);
  expect(lanes).toEqual([
    { lane: 'codex', state: 'open', used: 0.82, resets_at: new Date(resetsAt).toISOString() },
  ]);
  const later = { ...project.context.clock, now: () => resetsAt + 1 };
  const after = await usage.run(all, { ...project.context, clock: later });
  expect(after.lanes).toEqual([{ lane: 'codex', state: 'open', used: null, resets_at: null }]);
  const reason = 'limit';
  project.store.closeLane({ provider: 'codex', profile: null, closedUntil: resetsAt, reason });
  const closed = await usage.run(all, project.context);
  expect(closed.lanes).toMatchObject([{ lane: 'codex', state: 'closed: limit', used: 0.82 }]);
});

test('the day has a budget where the settings name one', async () => {
  const project = await aProject();
  const { owner } = aRun(project, [aNode('one')]);
  owner.start('one');
  owner.verify('one');
  const settings = { limits: { usd_per_day: 1 } };
  const context = { ...project.context, settings: async () => ({ settings, untrusted: null }) };
  const { budgets } = await usage.run(all, context);
  expect(budgets).toEqual([{ of: 'day', unit: 'usd', ceiling: 1, charged: 0.25, left: 0.75 }]);
});

test('long lists say how much more there is', async () => {
  const project = await aProject();
  const nodes = Array.from({ length: 45 }, (_, place) => aNode(`n${place}`));
  const { owner } = aRun(project, nodes);
  for (const { name } of nodes) owner.start(name);
  const answer = await usage.run({ ...all, by: 'node' }, project.context);
  expect(answer).toMatchObject({ more: 5, total: { attempts: 45 } });
  expect(answer.rows).toHaveLength(40);
});

test('a time that is none is answered with what to send', async () => {
  const { context } = await aProject();
  for (const since of ['yesterday', 'x7d', '2026-13-40'])
    await expect(usage.run({ ...all, since }, context)).rejects.toThrow('Send 7d, 12h');
});
