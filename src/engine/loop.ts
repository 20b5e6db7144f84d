import { eventsOfControl } from '../core/control.ts';
import { decide } from '../core/decide.ts';
import { keyOfAction, type Action, type Snapshot } from '../core/action.ts';
import type { RunEvent } from '../core/event.ts';
import type { Run } from '../core/run.ts';
import type { Signal } from '../core/signal.ts';
import type { Clock } from '../platform/clock.ts';
import type { Recorder } from './recorder.ts';

/** An action that takes time; `record` and `wait` never get here. */
export type Work = Exclude<Action, { do: 'record' } | { do: 'wait' }>;

export type LoopDeps = {
  recorder: Recorder;
  clock: Clock;
  /** Aborted when another owner has taken over or this process is told to go: workers are left alone then. */
  signal: AbortSignal;
  surroundings: () => Pick<Snapshot, 'lanes' | 'workers' | 'history' | 'day'>;
  takeSignals: () => readonly { id: number; signal: Signal }[];
  /** Receipts of what was just invalidated leave their place before anything else happens. */
  withdraw: () => Promise<void>;
  /** Resolves when something outside may have changed, at the latest after `ms`. */
  waitOutside: (ms: number, signal: AbortSignal) => Promise<void>;
  perform: (work: Work) => Promise<void>;
  /** Whoever sees a run finished finds its report there: it is written first. */
  beforeFinish: (events: readonly RunEvent[]) => Promise<void>;
  /** Work that was under way when this owner took over, by the key of its action. */
  adopted: ReadonlyMap<string, Promise<void>>;
};

/** Longest sleep between two looks at the world; everything that matters wakes the loop earlier. */
const longestWaitMs = 30_000;
const gatherMs = 2;

/** decide → do → record, until nothing is left to do or only a person can go on. */
export async function runLoop(deps: LoopDeps): Promise<'over' | 'needs' | 'aborted'> {
  const { recorder, clock, signal } = deps;
  const busy = new Map<string, Promise<void>>();
  const failures: unknown[] = [];
  let wake = new AbortController();
  const follow = (key: string, work: Promise<void>): void => {
    const done = work
      .catch((cause: unknown) => {
        failures.push(cause);
      })
      .finally(() => {
        busy.delete(key);
        wake.abort();
      });
    busy.set(key, done);
  };
  for (const [key, work] of deps.adopted) follow(key, work);
  // One listener for all rounds: a composed signal for each would stay with `signal` as long as this process lives.
  signal.addEventListener('abort', () => wake.abort());

  while (!signal.aborted) {
    if (failures.length > 0) throw failures[0];
    wake = new AbortController();
    if (takeSignals(deps, busy)) await deps.withdraw();
    const snapshot: Snapshot = {
      run: recorder.run(),
      busy: new Set(busy.keys()),
      ...deps.surroundings(),
    };
    const actions = decide(snapshot, clock.now());
    const events = actions.flatMap((action) => (action.do === 'record' ? [action.event] : []));
    if (events.length > 0) {
      if (events.some((event) => event.type === 'run.finished')) await deps.beforeFinish(events);
      recorder.record(events);
      continue;
    }
    let wakeAt = Number.POSITIVE_INFINITY;
    for (const action of actions) {
      if (action.do === 'wait') wakeAt = Math.min(wakeAt, action.until);
      else if (action.do !== 'record' && !busy.has(keyOfAction(action)))
        follow(keyOfAction(action), deps.perform(action));
    }
    if (busy.size === 0 && !Number.isFinite(wakeAt)) return isOver(snapshot.run) ? 'over' : 'needs';
    const ms = Math.min(longestWaitMs, Math.max(0, wakeAt - clock.now()));
    await deps.waitOutside(ms, wake.signal);
    // What ends together is decided on together: a look at a thousand nodes for each of sixteen would be fifteen too many.
    await clock.sleep(gatherMs, signal);
  }
  return 'aborted';
}

function isOver(run: Run): boolean {
  return run.status.status === 'finished';
}

/** Signals become events in the same transaction that marks them as handled; what no longer fits is marked and changes nothing. True: something was invalidated. */
function takeSignals(
  { recorder, takeSignals: take }: LoopDeps,
  busy: ReadonlyMap<string, unknown>,
): boolean {
  const before = recorder.run().invalidations.length;
  for (const { id, signal } of take()) {
    if (signal.kind === 'retry' && isMovingBranch(busy)) break;
    recorder.record(eventsOf(recorder.run(), signal), { handledSignals: [id] });
  }
  return recorder.run().invalidations.length > before;
}

/** Between the move of a branch and the event that tells of it nothing is invalidated: that event would be looked for in vain. */
function isMovingBranch(busy: ReadonlyMap<string, unknown>): boolean {
  return [...busy.keys()].some(
    (key) => key.startsWith('land:') || key === 'verify' || key === 'deliver',
  );
}

function eventsOf(run: Run, signal: Signal): RunEvent[] {
  switch (signal.kind) {
    case 'stop':
      if (run.status.status === 'finished') return [];
      return [
        ...run.requests
          .filter((one) => signal.node === null || one.node === signal.node)
          .map((one): RunEvent => ({
            type: 'run.answered',
            id: one.id,
            choice: 'no',
            text: 'stopped',
          })),
        { type: 'run.stopping', node: signal.node, force: signal.force },
      ];
    case 'answer': {
      const request = run.requests.find((one) => one.id === signal.request);
      if (request === undefined || !request.choices.includes(signal.choice)) return [];
      return [{ type: 'run.answered', id: request.id, choice: signal.choice, text: signal.text }];
    }
    case 'land':
      if (run.status.status !== 'finished') return [];
      // What was landed before may be taken back, or given up; only new work has to be proved first.
      if (run.status.rerun && signal.how !== 'discard' && signal.how !== 'rollback') return [];
      return [{ type: 'land.asked', how: signal.how, target: signal.target }];
    case 'retry':
    case 'skip':
    case 'tell':
    case 'pause':
    case 'resume': {
      const events = eventsOfControl(run, signal);
      return Array.isArray(events) ? events : [];
    }
  }
}
