import { keyOfAction } from '../core/action.ts';
import { MoError } from '../core/problem.ts';
import { isCutOff, stopOf } from '../core/stop.ts';
import type { RunEvent } from '../core/event.ts';
import type { Run } from '../core/run.ts';
import type { ProcessId } from '../core/worker.ts';
import { isAlive } from '../platform/process-identity.ts';
import { performAdoption } from './adopt.ts';
import { dayOf } from './day.ts';
import { performDelivery } from './deliver.ts';
import { endsOwner } from './ends-owner.ts';
import { performExpand } from './expand.ts';
import { finishRun } from './finish.ts';
import { performGate } from './gate-node.ts';
import { performLanding } from './land.ts';
import { runLoop, type Work } from './loop.ts';
import { createRecorder } from './recorder.ts';
import { readRun } from './read-run.ts';
import { newReuse } from './reuse.ts';
import { performReview } from './review.ts';
import { performStart } from './start.ts';
import { performUnfold } from './unfold.ts';
import { putBackBranch } from './run-branch.ts';
import { performVerification } from './verify-run.ts';
import type { AttemptDesk } from './watch-worker.ts';
import { performWeigh } from './when.ts';
import { withdrawReceipts } from './withdraw.ts';
import { historyOf, workersOf, type Engine } from './engine.ts';

/** An owner that hangs is replaced after this long; one that dies, at once. */
const leaseMs = 20_000;
const beatMs = 4_000;

/**
 * Executes a run to its end, or until only a person can go on. Returns without doing anything when somebody else holds the run.
 * Throws what ends an owner: a full disk, a damaged store, a bug. The run can then be resumed.
 */
export async function ownRun(
  engine: Engine,
  runId: string,
  owner: ProcessId,
  signal: AbortSignal,
): Promise<void> {
  // A signal sent while the last round ended is seen by the next one: nobody's word is lost between two owners.
  while (!signal.aborted) {
    const epoch = engine.store.claimLease({
      runId,
      holder: owner,
      ttlMs: leaseMs,
      now: engine.clock.now(),
      isAlive,
    });
    if (epoch === null) return;
    engine.log(`epoch ${epoch}: pid ${owner.pid}`);
    try {
      await ownEpoch(engine, { runId, epoch, owner, signal });
    } finally {
      engine.store.releaseLease(runId, epoch);
    }
    if (engine.store.pendingSignals(runId) === 0) return;
  }
}

async function ownEpoch(
  engine: Engine,
  {
    runId,
    epoch,
    owner,
    signal,
  }: { runId: string; epoch: number; owner: ProcessId; signal: AbortSignal },
): Promise<void> {
  const gone = new AbortController();
  const ended = AbortSignal.any([signal, gone.signal]);
  const beating = keepBeating(engine, { runId, epoch, ended, onLost: () => gone.abort() });
  const cuts: Cuts = new Map();
  const underWay = new Set<Promise<void>>();
  const follow = (work: Promise<void>): Promise<void> => {
    const followed = work.finally(() => underWay.delete(followed));
    underWay.add(followed);
    return followed;
  };
  try {
    const recorder = createRecorder({
      run: readRun(engine.store, runId),
      epoch,
      store: engine.store,
      now: engine.clock.now,
      onRecorded: () => cutOff(cuts, recorder.run()),
    });
    if (recorder.run().status.status !== 'finished')
      recorder.record([{ type: 'run.owned', epoch, owner }]);
    await withdrawReceipts(engine, recorder.run());
    const live: AttemptDesk['live'] = new Map();
    const reuse = newReuse(recorder.run());
    const desk: AttemptDesk = { engine, recorder, epoch, signal: ended, live, reuse };
    const history = historyOf(engine.store);
    const end = await runLoop({
      recorder,
      clock: engine.clock,
      signal: ended,
      surroundings: () => ({
        lanes: engine.store.lanes(),
        workers: workersOf(engine),
        history,
        day: dayOf(engine, recorder.run()),
      }),
      takeSignals: () => engine.store.takeSignals(runId, epoch),
      withdraw: () => withdrawReceipts(engine, recorder.run()),
      waitOutside: (ms, until) =>
        engine.store.waitForPulse(runId, { signal: until, timeoutMs: ms }),
      perform: (work) => follow(perform(desk, cuts, work)),
      beforeFinish: async (events) => {
        recorder.fence();
        await putBackBranch(engine, recorder, recorder.run());
        await finishRun(engine, recorder.preview(events));
      },
      adopted: adoptRunning(desk, follow),
    });
    if (end !== 'aborted') {
      recorder.fence();
      await finishRun(engine, recorder.run());
    }
  } catch (cause) {
    if (cause instanceof MoError && cause.code === 'fenced') engine.log(cause.message);
    else throw cause;
  } finally {
    gone.abort();
    // The lease is given up only when nothing goes on behind it.
    await Promise.allSettled([beating, ...underWay]);
  }
}

/** What proves and lands, by the key of its action: it may take long, and a stop at once does not wait for it. */
type Cuts = Map<string, AbortController>;

function cutOff(cuts: Cuts, run: Run): void {
  for (const [key, cut] of cuts) {
    const node = run.nodes.get(key.replace(/^gate:/, ''));
    const last = node?.attempts.at(-1)?.attempt ?? null;
    // What is being proved has become history.
    if (last !== null && last <= (node?.stale ?? 0)) cut.abort();
    if (isCutOff(run) || (node !== undefined && stopOf(run, node)?.force === true)) cut.abort();
  }
}

async function perform(desk: AttemptDesk, cuts: Cuts, work: Work): Promise<void> {
  const { engine, recorder } = desk;
  const key = keyOfAction(work);
  const cut = new AbortController();
  const signal = AbortSignal.any([desk.signal, cut.signal]);
  try {
    if (['gate', 'land', 'verify'].includes(work.do)) cuts.set(key, cut);
    switch (work.do) {
      case 'start':
        return await performStart(desk, work);
      case 'stop':
        return await performStop(desk, work.node);
      case 'weigh':
        return await performWeigh(engine, recorder, work.node);
      case 'gate':
        return await performGate(engine, recorder, work.node, signal);
      case 'land':
        return await performLanding(engine, recorder, work.node, signal);
      case 'expand':
        return await performExpand(engine, recorder, work.node);
      case 'unfold':
        return await performUnfold(engine, recorder, work.node);
      case 'review':
        return await performReview(engine, recorder, work.node);
      case 'verify':
        return await performVerification(engine, recorder, signal);
      case 'deliver':
        return await performDelivery(engine, recorder, work, signal);
    }
  } catch (cause) {
    // Another owner goes on with what this one was doing, or nobody wants it any more.
    if (signal.aborted) return;
    if (!(cause instanceof MoError) || endsOwner(cause)) throw cause;
    engine.log(`${work.do}: ${cause.message}`);
    if ('node' in work && recorder.run().nodes.has(work.node)) {
      const { message } = cause;
      recorder.record([{ type: 'node.failed', node: work.node, message, findings: [] }]);
      return;
    }
    const failed: RunEvent = { type: 'run.finished', outcome: 'failed', reason: cause.message };
    await finishRun(engine, recorder.preview([failed]));
    recorder.record([failed]);
  } finally {
    cuts.delete(key);
  }
}

/** Asks the worker to end and waits until it is gone: the end itself is recorded by whoever watches it. */
async function performStop(
  { engine, live, recorder, signal }: AttemptDesk,
  name: string,
): Promise<void> {
  while (!signal.aborted) {
    const node = recorder.run().nodes.get(name);
    if (node?.state.status !== 'running') return;
    // Read anew each time: whoever has asked may lose patience, and by now it may be another attempt.
    const stop = stopOf(recorder.run(), node);
    if (stop === null) return;
    live.get(name)?.stop(stop.force ? 'force' : 'ask');
    await engine.store.waitForPulse(recorder.run().spec.runId, { signal, timeoutMs: 1_000 });
  }
}

function adoptRunning(
  desk: AttemptDesk,
  follow: (work: Promise<void>) => Promise<void>,
): Map<string, Promise<void>> {
  const adopted = new Map<string, Promise<void>>();
  for (const [name, node] of desk.recorder.run().nodes) {
    if (node.state.status === 'running')
      adopted.set(`start:${name}`, follow(performAdoption(desk, name)));
  }
  return adopted;
}

/** Waits in short steps: a machine that slept or a clock that jumped must not make the lease run out unseen. */
async function keepBeating(
  engine: Engine,
  {
    runId,
    epoch,
    ended,
    onLost,
  }: { runId: string; epoch: number; ended: AbortSignal; onLost: () => void },
): Promise<void> {
  while (!ended.aborted) {
    await engine.clock.sleep(beatMs, ended);
    if (ended.aborted) return;
    try {
      if (engine.store.beat({ runId, epoch, now: engine.clock.now(), ttlMs: leaseMs })) continue;
    } catch (cause) {
      engine.log(`heartbeat failed: ${cause instanceof Error ? cause.message : String(cause)}`);
      continue;
    }
    engine.log(`epoch ${epoch} was replaced`);
    onLost();
    return;
  }
}
