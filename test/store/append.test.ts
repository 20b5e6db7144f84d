import { expect, test } from 'vitest';
import type { RunEvent } from '../../src/core/event.ts';
import type { Checkpoint } from '../../src/core/worker.ts';
import { emptySummary } from '../../src/core/summary.ts';
import type { Store } from '../../src/store/store.ts';
import { aNode } from '../core/build.ts';
import { aProject, aStore } from './build.ts';
import { append, aSpec, ended, epochZero, own, somebodyElse, someone, started } from './make.ts';

async function aRun(): Promise<{ store: Store; runId: string; epoch: number }> {
  const store = await aStore(await aProject());
  const nodes = [aNode('api'), aNode('web')];
  const { runId } = store.createRun({ spec: aSpec({ nodes }), clientKey: null });
  return { store, runId, epoch: own(store, runId) };
}

function checkpointAt(rawOffset: number): Checkpoint {
  return { rawOffset, eventsBytes: 1, parser: { line: 'half' }, summary: emptySummary() };
}

test('events are numbered without gaps and read back as they were written', async () => {
  const { store, runId, epoch } = await aRun();
  const events: RunEvent[] = [started('api'), ended('api')];

  expect(append(store, { runId, epoch, at: 5 }, events)).toEqual([2, 3]);

  expect(store.readEvents(runId, 1, 10)).toEqual([
    { runId, seq: 2, at: 5, epoch, event: events[0] },
    { runId, seq: 3, at: 5, epoch, event: events[1] },
  ]);
  expect(store.lastSeq(runId)).toBe(3);
});

test('an owner that was replaced appends nothing', async () => {
  const { store, runId, epoch } = await aRun();
  own(store, runId, somebodyElse);

  expect(() => append(store, { runId, epoch }, [started('api')])).toThrow(
    expect.objectContaining({
      problem: { code: 'fenced', runId, epoch: 1, newest: 2 },
    }),
  );
  expect(store.lastSeq(runId)).toBe(1);
  expect(store.attempts(runId)).toEqual([]);
});

test('an owner that was replaced cannot move the checkpoint of its successor', async () => {
  const { store, runId, epoch } = await aRun();
  const key = { runId, node: 'api', attempt: 1 };
  append(store, { runId, epoch }, [started('api')]);
  const next = own(store, runId, somebodyElse);
  store.saveCheckpoint({ ...key, epoch: next }, checkpointAt(200));

  expect(() => store.saveCheckpoint({ ...key, epoch }, checkpointAt(100))).toThrow('replaced');
  expect(store.getCheckpoint(key)?.rawOffset).toBe(200);
});

test('a failure in the middle leaves nothing of the whole append', async () => {
  const { store, runId, epoch } = await aRun();
  append(store, { runId, epoch }, [started('api')]);
  const signal = store.sendSignal(runId, { kind: 'stop', node: null, force: false });
  const view = { ...store.view(runId), total: 99 };

  // The attempt is there already, so its second start is refused after the event was written.
  expect(() =>
    store.append({
      runId,
      epoch,
      at: 1,
      events: [started('api')],
      view,
      nodes: [],
      handledSignals: [signal],
    }),
  ).toThrow('UNIQUE');
  expect(store.lastSeq(runId)).toBe(2);
  expect(store.view(runId).total).toBe(2);
  expect(store.takeSignals(runId, epoch)).toHaveLength(1);
});

test('nodes that changed since an event are found without the others', async () => {
  const { store, runId, epoch } = await aRun();
  append(store, { runId, epoch }, [started('web')]);

  expect(store.nodesSince(runId, 1, 10)).toEqual([
    expect.objectContaining({ name: 'web', state: 'running', attempt: 1, startedAt: epochZero }),
  ]);
  expect(store.nodes(runId, 10).map(({ name }) => name)).toEqual(['api', 'web']);
  expect(store.node(runId, 'none')).toBeNull();
});

test('nodes added later come after those that were there', async () => {
  const { store, runId, epoch } = await aRun();
  append(store, { runId, epoch }, [
    { type: 'nodes.added', by: 'api', nodes: [aNode('zoo'), aNode('ant')], cycle: null },
  ]);

  expect(store.nodeNames(runId)).toEqual(['api', 'web', 'zoo', 'ant']);
  expect(store.view(runId).total).toBe(4);
});

test('a node that is added does not take the place of one that is there', async () => {
  const { store, runId, epoch } = await aRun();
  const web = aNode('web', { role: 'review' });
  append(store, { runId, epoch }, [
    started('web'),
    { type: 'nodes.added', by: 'api', nodes: [web, aNode('ant')], cycle: null },
  ]);

  expect(store.nodeNames(runId)).toEqual(['api', 'web', 'ant']);
  expect(store.node(runId, 'web')).toMatchObject({ state: 'running', role: 'implementation' });
});

test('what a signal asks is open until the events it caused are written', async () => {
  const { store, runId, epoch } = await aRun();
  const stop = { kind: 'stop', node: 'api', force: true } as const;
  const answer = { kind: 'answer', request: 'plan:p:1', choice: 'yes', text: '' } as const;
  const ids = [store.sendSignal(runId, stop), store.sendSignal(runId, answer)];

  expect(store.takeSignals(runId, epoch)).toMatchObject([
    { id: ids[0], signal: stop },
    { id: ids[1], signal: answer },
  ]);

  append(store, { runId, epoch }, [{ type: 'run.stopping', node: 'api', force: true }], {
    handledSignals: ids.slice(0, 1),
  });

  expect(store.takeSignals(runId, epoch).map(({ id }) => id)).toEqual(ids.slice(1));
});

test('a signal that causes nothing is handled by an empty append', async () => {
  const { store, runId, epoch } = await aRun();
  const id = store.sendSignal(runId, { kind: 'land', how: 'merge', target: 'main' });

  expect(append(store, { runId, epoch }, [], { handledSignals: [id] })).toEqual([]);

  expect(store.takeSignals(runId, epoch)).toEqual([]);
  expect(store.lastSeq(runId)).toBe(1);
});

test('an owner that was replaced takes no signals', async () => {
  const { store, runId, epoch } = await aRun();
  own(store, runId, somebodyElse);

  expect(() => store.takeSignals(runId, epoch)).toThrow('replaced');
});

test('an attempt is known from its start to its end', async () => {
  const { store, runId, epoch } = await aRun();
  const process = { bootId: 'b', pid: 7, startTime: '1' };
  append(store, { runId, epoch, at: 10 }, [
    started('api'),
    { type: 'attempt.spawned', node: 'api', attempt: 1, process },
  ]);
  expect(store.attempts(runId)).toMatchObject([{ node: 'api', process, endedAt: null }]);

  append(store, { runId, epoch, at: 20 }, [ended('api')]);

  expect(store.attempts(runId)).toMatchObject([
    { startedAt: 10, endedAt: 20, session: 'session-1', endClass: 'done' },
  ]);
});

test('what an attempt cost is in the ledger with its end', async () => {
  const { store, runId, epoch } = await aRun();
  append(store, { runId, epoch, at: 10 }, [started('api'), started('web')]);
  append(store, { runId, epoch, at: 20 }, [ended('api')]);
  append(store, { runId, epoch, at: 30 }, [ended('web')]);

  expect([0, 25, 31].map(store.chargedSince)).toEqual([1, 0.5, 0]);
  expect(store.spendRows({ since: 0, runId, limit: 1 })).toEqual([
    {
      runId,
      node: 'api',
      attempt: 1,
      role: 'implementation',
      provider: 'codex',
      profile: 'fast',
      model: 'gpt',
      spend: { usd: 0.5, input: 100, cached: 40, output: 10 },
      startedAt: 10,
      endedAt: 20,
      endClass: 'done',
    },
  ]);
});

test('an attempt that reports no money is charged with what was set aside for it', async () => {
  const { store, runId, epoch } = await aRun();
  append(store, { runId, epoch }, [started('api', 1, 3), ended('api', 1, null)]);

  expect(store.chargedSince(0)).toBe(3);
});

test('what a run sets aside is known to the others until its attempt ends', async () => {
  const { store, runId, epoch } = await aRun();
  const other = store.createRun({ spec: aSpec({ nodes: [aNode('api')] }), clientKey: null }).runId;
  append(store, { runId, epoch }, [started('api', 1, 3), started('web', 1, 1)]);

  expect(store.reservedByOthers(other)).toEqual([{ holder: someone, usd: 4 }]);
  expect(store.reservedByOthers(runId)).toEqual([]);

  append(store, { runId, epoch }, [ended('api'), ended('web')]);
  expect(store.reservedByOthers(other)).toEqual([]);
});

test('two runs that decide at once cannot set aside more than the day has', async () => {
  const { store, runId, epoch } = await aRun();
  const other = store.createRun({ spec: aSpec({ nodes: [aNode('api')] }), clientKey: null }).runId;
  const late = { runId: other, epoch: own(store, other, somebodyElse) };
  const ceiling = { usd: 5, since: 0 };
  append(store, { runId, epoch }, [started('api', 1, 3)], { ceiling });

  expect(() => append(store, late, [started('api', 1, 3)], { ceiling })).toThrow(
    expect.objectContaining({ problem: { code: 'day-spent', ceiling: 5, taken: 6 } }),
  );
  expect(store.attempts(other)).toEqual([]);
  expect(store.lastSeq(other)).toBe(1);

  append(store, { runId, epoch }, [ended('api')]);
  append(store, late, [started('api', 1, 3)], { ceiling });
  expect(store.attempts(other)).toHaveLength(1);
});

test('a lane that one run finds closed is closed for all', async () => {
  const { store, runId, epoch } = await aRun();
  append(store, { runId, epoch }, [
    { type: 'lane.closed', provider: 'codex', profile: null, until: 99.5, reason: 'weekly' },
  ]);
  store.closeLane({ provider: 'codex', profile: 'fast', closedUntil: 7, reason: 'later' });

  expect(store.lanes()).toEqual([
    { provider: 'codex', profile: null, closedUntil: 99.5, reason: 'weekly' },
    { provider: 'codex', profile: 'fast', closedUntil: 7, reason: 'later' },
  ]);
});

test('the newest receipt of a node is found', async () => {
  const { store, runId, epoch } = await aRun();
  const receipt = {
    node: 'api',
    attempt: 1,
    path: 'r.json',
    commit: 'c',
    tree: 't',
    digest: 'd',
    createdAt: 1,
  };
  append(store, { runId, epoch }, [], { receipts: [receipt] });
  append(store, { runId, epoch }, [], { receipts: [{ ...receipt, attempt: 2, commit: null }] });

  expect(store.receiptOf(runId, 'api')).toEqual({
    ...receipt,
    attempt: 2,
    commit: null,
    stale: false,
  });
  expect(store.receipts(runId)).toHaveLength(2);
  expect(store.receiptOf(runId, 'web')).toBeNull();
});

const keyed = (node: string, key: string | null, createdAt: number) => ({
  node,
  attempt: 1,
  path: `${node}.json`,
  commit: null,
  tree: null,
  digest: `digest of ${node}`,
  createdAt,
  key,
});

const verified = (node: string): RunEvent => ({
  type: 'node.verified',
  node,
  attempt: 1,
  receipt: 'r',
  handoff: null,
});

test('receipts of other runs are found by what was asked: of the same name first, then the newest', async () => {
  const { store, runId, epoch } = await aRun();
  append(store, { runId, epoch }, [started('api'), verified('api'), verified('web')], {
    receipts: [keyed('api', 'same', 5), keyed('web', 'same', 9), keyed('docs', null, 1)],
  });
  const { runId: other } = store.createRun({ spec: aSpec(), clientKey: null });
  const asking = { runId: other, node: 'api' };
  expect(store.receiptsByKey('same', asking)).toEqual([
    { runId, node: 'api', attempt: 1, path: 'api.json', digest: 'digest of api', seq: 3 },
    { runId, node: 'web', attempt: 1, path: 'web.json', digest: 'digest of web', seq: 4 },
  ]);
  expect(store.receiptsByKey('same', { ...asking, node: 'x' }).map(({ node }) => node)).toEqual([
    'web',
    'api',
  ]);
  expect(store.readEvents(runId, 2, 1)[0]?.event).toEqual(verified('api'));
  expect(store.receiptsByKey('same', { runId, node: 'api' })).toEqual([]);
  expect(store.receiptsByKey('another', asking)).toEqual([]);
});

test('a receipt that was withdrawn, or on which no event rests, is not found by what was asked', async () => {
  const { store, runId, epoch } = await aRun();
  append(store, { runId, epoch }, [verified('api')], {
    receipts: [keyed('api', 'same', 5), keyed('docs', 'same', 5)],
  });
  const { runId: other } = store.createRun({ spec: aSpec(), clientKey: null });
  expect(store.receiptsByKey('same', { runId: other, node: 'api' })).toHaveLength(1);
  append(store, { runId, epoch }, [
    {
      type: 'nodes.invalidated',
      by: 'person',
      target: 'api',
      nodes: ['api'],
      dropped: [],
      reason: 'again',
      findings: [],
    },
  ]);
  expect(store.receiptsByKey('same', { runId: other, node: 'api' })).toEqual([]);
});

test('a checkpoint comes back as it was saved', async () => {
  const { store, runId, epoch } = await aRun();
  const key = { runId, node: 'api', attempt: 1 };
  append(store, { runId, epoch }, [started('api')]);
  expect(store.getCheckpoint(key)).toBeNull();

  store.saveCheckpoint({ ...key, epoch }, checkpointAt(123));

  expect(store.getCheckpoint(key)).toEqual(checkpointAt(123));
  expect(store.getSummary(key)).toEqual(emptySummary());
});

test('what a parser remembered of the raw stream goes with the end of its attempt', async () => {
  const { store, runId, epoch } = await aRun();
  const key = { runId, node: 'api', attempt: 1 };
  append(store, { runId, epoch }, [started('api'), started('web')]);
  store.saveCheckpoint({ ...key, epoch }, checkpointAt(123));

  append(store, { runId, epoch }, [ended('api'), ended('web')]);

  expect(store.getCheckpoint(key)).toEqual({ ...checkpointAt(123), parser: null });
  expect(store.getCheckpoint({ ...key, node: 'web' })).toBeNull();
});

test('a checkpoint without its attempt is a mistake of the caller', async () => {
  const { store, runId, epoch } = await aRun();

  expect(() =>
    store.saveCheckpoint({ runId, node: 'api', attempt: 1, epoch }, checkpointAt(1)),
  ).toThrow('before attempt.started');
});

test('summaries of live attempts come with a version that only grows', async () => {
  const { store, runId, epoch } = await aRun();
  append(store, { runId, epoch }, [started('api'), started('web')]);
  expect(store.summaryVersion(runId)).toBe(0);
  for (const node of ['api', 'web', 'api']) {
    store.saveCheckpoint({ runId, node, attempt: 1, epoch }, checkpointAt(1));
  }

  expect(store.liveSummaries(runId, 10)).toMatchObject([
    { node: 'api', version: 3 },
    { node: 'web', version: 2 },
  ]);
  append(store, { runId, epoch }, [ended('api')]);
  expect(store.liveSummaries(runId, 10)).toMatchObject([{ node: 'web' }]);
  expect(store.summaryVersion(runId)).toBe(3);
});
