import { apply } from '../core/apply.ts';
import { nodeViewOf, viewOf } from '../core/view.ts';
import type { Recorded, RunEvent } from '../core/event.ts';
import { MoError } from '../core/problem.ts';
import type { Run, RunNode } from '../core/run.ts';
import type { Append } from '../store/append.ts';

/** The one door through which the state of a run changes: durable first, then visible in memory. */
export type Recorder = {
  run: () => Run;
  /** The run as it would be after these events. */
  preview: (events: readonly RunEvent[]) => Run;
  /** All or none; throws MoError `fenced` when a newer owner has taken over, `day-spent` when the ceiling along would be passed. */
  record: (events: readonly RunEvent[], along?: Along) => void;
  /**
   * Throws MoError `fenced` when this owner does not hold the run any more. Asked right before everything that is seen outside the
   * store: an owner that was suspended for an hour goes on in the middle of what it was doing.
   */
  fence: () => void;
};

/** What goes into the same transaction: signals these events answer, receipts they rest on, a ceiling they may not pass. */
export type Along = Pick<Append, 'handledSignals' | 'receipts' | 'ceiling'>;

type EventStore = {
  append: (entry: Append) => unknown;
  leaseOf: (runId: string) => { epoch: number; holder: unknown };
};

export function createRecorder(options: {
  run: Run;
  epoch: number;
  store: EventStore;
  now: () => number;
  onRecorded: () => void;
}): Recorder {
  const { epoch, store, now, onRecorded } = options;
  let run = options.run;
  const after = (events: readonly RunEvent[], at: number): Run => {
    let next = run;
    for (const event of events) {
      const recorded: Recorded = { runId: run.spec.runId, seq: next.seq + 1, at, epoch, event };
      next = apply(next, recorded);
    }
    return next;
  };
  return {
    run: () => run,
    preview: (events) => after(events, now()),
    fence: () => {
      const { runId } = run.spec;
      const lease = store.leaseOf(runId);
      if (lease.epoch === epoch && lease.holder !== null) return;
      throw new MoError({ code: 'fenced', runId, epoch, newest: lease.epoch });
    },
    record: (events, along = {}) => {
      if (events.length === 0 && (along.handledSignals ?? []).length === 0) return;
      const { runId } = run.spec;
      const at = now();
      const next = after(events, at);
      store.append({
        runId,
        epoch,
        at,
        events,
        view: viewOf(next, at),
        nodes: changedNodes(run, next, events).map(nodeViewOf),
        ...along,
      });
      run = next;
      onRecorded();
    },
  };
}

/** An event that names one node changes at most that one. After others all are compared: a node keeps its place for ever, so the two lists go side by side. */
function changedNodes(before: Run, after: Run, events: readonly RunEvent[]): RunNode[] {
  const named = new Set<string>();
  for (const event of events) {
    if (!('node' in event)) {
      const old = [...before.nodes.values()];
      return [...after.nodes.values()].filter((node, place) => old[place] !== node);
    }
    if (event.node !== null) named.add(event.node);
  }
  return [...named].flatMap((name) => {
    const node = after.nodes.get(name);
    return node === undefined || node === before.nodes.get(name) ? [] : [node];
  });
}
