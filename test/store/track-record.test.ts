import { expect, test } from 'vitest';
import type { RunEvent } from '../../src/core/event.ts';
import type { Store } from '../../src/store/store.ts';
import { aNode } from '../core/build.ts';
import { append, aSpec, ended, epochZero, own, started } from './make.ts';
import { aProject, aStore } from './build.ts';

type Past = {
  seconds: number;
  usd: number | null;
  model?: string;
  endedAs?: 'done' | 'crashed' | 'quota';
};

test('the record of a role and route is the median and the 80th percentile of what was done', async () => {
  const store = await aStore(await aProject());
  settle(store, [
    { seconds: 10, usd: 0.1 },
    { seconds: 50, usd: 0.5 },
    { seconds: 20, usd: 0.2 },
    { seconds: 40, usd: 0.4 },
    { seconds: 30, usd: 0.3 },
    { seconds: 9_999, usd: 99, endedAs: 'crashed' },
  ]);
  expect(store.trackRecord()).toEqual([
    {
      role: 'implementation',
      route: { provider: 'codex', profile: 'fast', model: null, effort: null, mode: 'write' },
      attempts: 5,
      ms: { median: 30_000, p80: 40_000 },
      usd: { median: 0.3, p80: 0.4 },
    },
  ]);
});

test('another model is another route, and money that was not reported is no money', async () => {
  const store = await aStore(await aProject());
  settle(store, [
    { seconds: 10, usd: null, model: 'large' },
    { seconds: 20, usd: null, model: 'large' },
    { seconds: 30, usd: 1, model: 'small' },
    { seconds: 40, usd: null, model: 'small' },
  ]);
  const byModel = new Map(store.trackRecord().map((one) => [one.route.model, one]));
  expect(byModel.get('large')).toMatchObject({ attempts: 2, usd: null, ms: { median: 10_000 } });
  expect(byModel.get('small')).toMatchObject({ attempts: 2, usd: { median: 1, p80: 1 } });
});

test('a project without attempts has no record', async () => {
  const store = await aStore(await aProject());
  expect(store.trackRecord()).toEqual([]);
});

test('outcomes count what the worker itself ended, and of it what has a receipt', async () => {
  const store = await aStore(await aProject());
  const { runId, epoch } = settle(store, [
    { seconds: 1, usd: 1 },
    { seconds: 2, usd: 1 },
    { seconds: 3, usd: 1, endedAs: 'crashed' },
    { seconds: 4, usd: 1, endedAs: 'quota' },
  ]);
  const receipt = {
    node: 'n0',
    attempt: 1,
    path: 'r.json',
    commit: null,
    tree: null,
    digest: 'd',
    createdAt: epochZero,
  };
  append(store, { runId, epoch }, [], { receipts: [receipt] });
  expect(store.outcomes()).toEqual([
    {
      role: 'implementation',
      route: { provider: 'codex', profile: 'fast', model: null, effort: null, mode: 'write' },
      tried: 3,
      verified: 1,
    },
  ]);
});

function settle(store: Store, past: readonly Past[]): { runId: string; epoch: number } {
  const nodes = past.map((_, index) => aNode(`n${index}`));
  const { runId } = store.createRun({ spec: aSpec({ nodes }), clientKey: null });
  const epoch = own(store, runId);
  for (const [index, one] of past.entries()) {
    append(store, { runId, epoch, at: epochZero }, [startOf(`n${index}`, one)]);
    append(store, { runId, epoch, at: epochZero + one.seconds * 1000 }, [endOf(`n${index}`, one)]);
  }
  return { runId, epoch };
}

function startOf(node: string, { model }: Past): RunEvent {
  const event = started(node);
  if (event.type !== 'attempt.started' || event.route === null || model === undefined) return event;
  return { ...event, route: { ...event.route, model } };
}

function endOf(node: string, { usd, endedAs = 'done' }: Past): RunEvent {
  const event = ended(node);
  if (event.type !== 'attempt.ended') return event;
  const spend = { ...event.ending.spend, usd };
  return { ...event, ending: { ...event.ending, class: endedAs, spend } };
}
