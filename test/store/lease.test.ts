import { expect, test } from 'vitest';
import type { ProcessId } from '../../src/core/worker.ts';
import type { Store } from '../../src/store/store.ts';
import { aProject, aStore } from './build.ts';
import { aSpec, somebodyElse, someone } from './make.ts';

const ttlMs = 1_000;
const everybodyLives = (): boolean => true;
const nobodyLives = (): boolean => false;

async function aRun(): Promise<{ store: Store; runId: string }> {
  const store = await aStore(await aProject());
  return { store, runId: store.createRun({ spec: aSpec(), clientKey: null }).runId };
}

function claim(
  { store, runId }: { store: Store; runId: string },
  wish: { now: number; holder?: ProcessId; isAlive?: () => boolean },
): number | null {
  return store.claimLease({ runId, ttlMs, holder: someone, isAlive: everybodyLives, ...wish });
}

test('a free run goes to the first who asks, once', async () => {
  const run = await aRun();

  expect(claim(run, { now: 0 })).toBe(1);
  expect(claim(run, { now: 1, holder: somebodyElse })).toBeNull();
  expect(run.store.leaseOf(run.runId)).toEqual({
    epoch: 1,
    holder: someone,
    beatAt: 0,
    expiresAt: ttlMs,
  });
});

test('a dead holder keeps nothing, however new its beat is', async () => {
  const run = await aRun();
  claim(run, { now: 0 });

  expect(claim(run, { now: 1, holder: somebodyElse, isAlive: nobodyLives })).toBe(2);
});

test('a dead holder keeps nothing when the clock was set back', async () => {
  const run = await aRun();
  claim(run, { now: 86_400_000 });

  expect(claim(run, { now: 5, holder: somebodyElse, isAlive: nobodyLives })).toBe(2);
});

test('a holder that lives but does not beat is replaced after its term', async () => {
  const run = await aRun();
  claim(run, { now: 0 });

  expect(claim(run, { now: ttlMs - 1, holder: somebodyElse })).toBeNull();
  expect(claim(run, { now: ttlMs, holder: somebodyElse })).toBe(2);
});

test('a holder that hangs while the clock is set back is replaced after one more term', async () => {
  const run = await aRun();
  claim(run, { now: 86_400_000 });

  expect(claim(run, { now: 100, holder: somebodyElse })).toBeNull();
  expect(claim(run, { now: 100 + ttlMs, holder: somebodyElse })).toBe(2);
});

test('a beat holds the run for another term', async () => {
  const run = await aRun();
  claim(run, { now: 0 });

  expect(run.store.beat({ runId: run.runId, epoch: 1, ttlMs, now: 900 })).toBe(true);
  expect(claim(run, { now: ttlMs, holder: somebodyElse })).toBeNull();
});

test('a beat tells a replaced owner that it is', async () => {
  const run = await aRun();
  claim(run, { now: 0 });
  claim(run, { now: ttlMs, holder: somebodyElse });

  expect(run.store.beat({ runId: run.runId, epoch: 1, ttlMs, now: ttlMs })).toBe(false);
  expect(run.store.leaseOf(run.runId).holder).toEqual(somebodyElse);
});

test('a released run is free at once, and only its holder can release it', async () => {
  const run = await aRun();
  claim(run, { now: 0 });
  run.store.releaseLease(run.runId, 0);
  expect(claim(run, { now: 1, holder: somebodyElse })).toBeNull();

  run.store.releaseLease(run.runId, 1);

  expect(run.store.beat({ runId: run.runId, epoch: 1, ttlMs, now: 1 })).toBe(false);
  expect(claim(run, { now: 1, holder: somebodyElse })).toBe(2);
});
