import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import type { ProcessId } from '../src/core/worker.ts';
import { createRecorder } from '../src/engine/recorder.ts';
import { readRun } from '../src/engine/read-run.ts';
import { runLoop } from '../src/engine/loop.ts';
import { systemClock } from '../src/platform/clock.ts';
import { identify } from '../src/platform/process-identity.ts';
import { openStore, type Store } from '../src/store/store.ts';
import { eventsOfNode, workersNow } from './fake-boundary.ts';
import { figure, median, type Figure } from './figure.ts';
import { makeProject, ownRun, reader, type Project } from './project.ts';

const events = 10_000;
const nodes = 2_000;
const rounds = 5;
const mo = join(import.meta.dirname, '../dist/mo.mjs');

/**
 * A run of 2,000 nodes whose owner died after 10,000 events, every node of them done but the last one. From opening the store to the
 * first action: the lease, all events read, checked and folded, one decision. And as a process, from `spawn` to the next event in the store.
 */
export async function measureResume(): Promise<Figure[]> {
  const project = await makeProject();
  try {
    const runId = await makeRun(project);
    const inProcess: number[] = [];
    for (let round = 0; round < rounds; round += 1) inProcess.push(await resumeMs(project, runId));
    const [cold = Number.NaN] = inProcess;
    const processMs = await ownerMs(project, runId);
    return [
      figure(
        'resume of 10,000 events, to the first action',
        median(inProcess),
        { most: 300 },
        ' ms',
      ),
      figure('the same, cold', cold, { most: 300 }, ' ms'),
      figure('the same as a process, start of Node and all', processMs, null, ' ms'),
    ];
  } finally {
    await project.end();
  }
}

async function makeRun({ store, folder }: Project): Promise<string> {
  const names = Array.from({ length: nodes }, (_, index) => `node-${index}`);
  const last = {
    ...reader('last'),
    kind: 'command' as const,
    role: 'automation' as const,
    task: 'true',
  };
  const specs = [...names.map((name) => reader(name)), last];
  const { runId, epoch, recorder } = ownRun({ store, folder }, specs);
  const done = names.flatMap((name) => eventsOfNode(name, thisProcess()));
  for (let at = 0; at < done.length; at += 1_000) recorder.record(done.slice(at, at + 1_000));
  store.releaseLease(runId, epoch);
  const { seq } = recorder.run();
  if (seq < events) throw new Error(`only ${seq} events`);
  return runId;
}

function thisProcess(): ProcessId {
  const found = identify(process.pid);
  if (found === null) throw new Error('this process does not find itself');
  return found;
}

async function resumeMs({ folder }: Project, runId: string): Promise<number> {
  const holder = thisProcess();
  const from = performance.now();
  const store = await openStore(folder, { clock: systemClock });
  try {
    const now = systemClock.now();
    const epoch = store.claimLease({ runId, holder, ttlMs: 20_000, now, isAlive: () => false });
    if (epoch === null) throw new Error('somebody else owns it');
    const at = await firstAction(store, runId, epoch);
    store.releaseLease(runId, epoch);
    return at - from;
  } finally {
    store.close();
  }
}

/** When the loop asked for its first action. */
async function firstAction(store: Store, runId: string, epoch: number): Promise<number> {
  const stop = new AbortController();
  let at = Number.NaN;
  const recorder = createRecorder({
    run: readRun(store, runId),
    epoch,
    store,
    now: systemClock.now,
    onRecorded: () => undefined,
  });
  await runLoop({
    recorder,
    clock: systemClock,
    signal: stop.signal,
    surroundings: () => ({ lanes: store.lanes(), workers: workersNow(), day: null }),
    takeSignals: () => store.takeSignals(runId, epoch),
    withdraw: async () => undefined,
    waitOutside: async () => undefined,
    perform: async () => {
      at = performance.now();
      stop.abort();
    },
    beforeFinish: async () => undefined,
    adopted: new Map(),
  });
  return at;
}

/** The real owner: its `run.owned` is the first event, the start of the node that is left the second. It then goes on to the end. */
async function ownerMs({ store, folder }: Project, runId: string): Promise<number> {
  const before = store.lastSeq(runId);
  const from = performance.now();
  const owner = spawn(process.execPath, [mo, 'owner', runId], { cwd: folder, stdio: 'ignore' });
  const ended = once(owner, 'close');
  const signal = new AbortController().signal;
  while (store.lastSeq(runId) < before + 2 && owner.exitCode === null)
    await store.waitForPulse(runId, { signal, timeoutMs: 5 });
  const ms = performance.now() - from;
  await ended;
  if (store.view(runId).state !== 'succeeded') throw new Error(store.view(runId).state);
  return ms;
}
