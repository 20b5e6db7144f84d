import { rm } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { systemClock, type Clock } from '../../src/platform/clock.ts';
import type { Store } from '../../src/store/store.ts';
import { aNode } from '../core/build.ts';
import { emptySummary } from '../../src/core/summary.ts';
import { aProject, aStore } from './build.ts';
import { append, aSpec, own, started } from './make.ts';

/** Time stands still: whoever wakes was woken. `asked` holds how long each sleep would have been. */
function stillClock(): Clock & { asked: number[] } {
  const asked: number[] = [];
  return {
    ...systemClock,
    asked,
    sleep: (ms, signal) => {
      asked.push(ms);
      return new Promise((resolve) => {
        if (signal?.aborted === true) return resolve();
        // Keeps the process alive while it waits, as a timer would.
        const alive = setInterval(() => undefined, 1_000);
        signal?.addEventListener('abort', () => {
          clearInterval(alive);
          resolve();
        });
      });
    },
  };
}

async function aWaitingStore(): Promise<{ store: Store; waiter: Store; runId: string }> {
  const root = await aProject();
  const store = await aStore(root);
  const { runId } = store.createRun({ spec: aSpec({ nodes: [aNode('api')] }), clientKey: null });
  own(store, runId);
  append(store, { runId, epoch: 1 }, [started('api')]);
  return { store, waiter: await aStore(root, stillClock()), runId };
}

const never = new AbortController().signal;

test.each<[string, (store: Store, runId: string) => unknown]>([
  ['an event', (store, runId) => append(store, { runId, epoch: 1 }, [])],
  [
    'a signal',
    (store, runId) => store.sendSignal(runId, { kind: 'stop', node: null, force: false }),
  ],
  [
    'a checkpoint',
    (store, runId) =>
      store.saveCheckpoint(
        { runId, node: 'api', attempt: 1, epoch: 1 },
        { rawOffset: 0, eventsBytes: 0, parser: null, summary: emptySummary() },
      ),
  ],
])('%s wakes who waits for news of the run', async (_, write) => {
  const { store, waiter, runId } = await aWaitingStore();
  const woken = waiter.waitForPulse(runId, { signal: never, timeoutMs: 60_000 });

  write(store, runId);

  await expect(woken).resolves.toBeUndefined();
});

test('news of another run wake nobody', async () => {
  const { store, waiter, runId } = await aWaitingStore();
  const other = store.createRun({ spec: aSpec(), clientKey: null }).runId;
  const stop = new AbortController();
  let isAwake = false;
  const wait = waiter.waitForPulse(runId, { signal: stop.signal, timeoutMs: 60_000 });
  const awake = wait.then(() => (isAwake = true));

  // The pulse of a third waiter, sent after it, proves that the first would have been heard by now.
  const otherWait = waiter.waitForPulse(other, { signal: never, timeoutMs: 60_000 });
  store.sendSignal(other, { kind: 'stop', node: null, force: false });
  await otherWait;

  expect(isAwake).toBe(false);
  stop.abort();
  await awake;
});

test('who stops waiting is let go at once', async () => {
  const { waiter, runId } = await aWaitingStore();
  const stop = new AbortController();
  const wait = waiter.waitForPulse(runId, { signal: stop.signal, timeoutMs: 60_000 });

  stop.abort();

  await expect(wait).resolves.toBeUndefined();
});

test('nobody waits longer than two seconds without looking again', async () => {
  const root = await aProject();
  const clock = stillClock();
  const store = await aStore(root, clock);
  const { runId } = store.createRun({ spec: aSpec(), clientKey: null });
  const stop = new AbortController();
  stop.abort();

  await store.waitForPulse(runId, { signal: stop.signal, timeoutMs: 50_000 });
  await store.waitForPulse(runId, { signal: stop.signal, timeoutMs: 100 });

  expect(clock.asked).toEqual([2_000, 100]);
});

test('a run without its folder can still be written and waited for', async () => {
  const { store, runId } = await aWaitingStore();
  await rm(store.paths.runFolder(runId), { recursive: true });

  append(store, { runId, epoch: 1 }, [{ type: 'run.stopping', node: null, force: false }]);
  await store.waitForPulse(runId, { signal: never, timeoutMs: 1 });

  expect(store.view(runId).state).toBe('stopping');
});
