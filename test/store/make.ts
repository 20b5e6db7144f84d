import { apply, foldRun } from '../../src/core/apply.ts';
import type { RunEvent, RunSpec } from '../../src/core/event.ts';
import type { ProcessId } from '../../src/core/worker.ts';
import { nodeViewOf, viewOf } from '../../src/core/view.ts';
import type { Append } from '../../src/store/append.ts';
import type { Store } from '../../src/store/store.ts';
import { aRunSpec } from '../core/build.ts';

export const epochZero = 1_000_000;

/** `createRun` gives the run its id. */
export function aSpec(over: Partial<RunSpec> = {}): Omit<RunSpec, 'runId'> {
  const { runId: _, ...spec } = aRunSpec(over.nodes ?? [], over);
  return spec;
}

export const someone: ProcessId = { bootId: 'boot', pid: 41, startTime: '7' };
export const somebodyElse: ProcessId = { bootId: 'boot', pid: 42, startTime: '8' };

/** Claims the lease of a run as its only owner. */
export function own(store: Store, runId: string, holder: ProcessId = someone): number {
  const claim = { runId, holder, ttlMs: 10_000, now: epochZero, isAlive: () => false };
  const epoch = store.claimLease(claim);
  if (epoch === null) throw new Error('the lease is held');
  return epoch;
}

/** Appends as an owner does: the views come from the folded state. */
export function append(
  store: Store,
  owner: { runId: string; epoch: number; at?: number },
  events: readonly RunEvent[],
  more: Partial<Pick<Append, 'handledSignals' | 'receipts' | 'ceiling'>> = {},
): number[] {
  const { runId, epoch, at = epochZero } = owner;
  const before = foldRun(store.readEvents(runId, 0, 100_000));
  let seq = store.lastSeq(runId);
  let run = before;
  for (const event of events) run = apply(run, { runId, seq: (seq += 1), at, epoch, event });
  if (run === null) throw new Error('a run without events');
  const nodes = [...run.nodes].filter(([name, node]) => before?.nodes.get(name) !== node);
  return store.append({
    runId,
    epoch,
    at,
    events,
    view: viewOf(run, at),
    nodes: nodes.map(([, node]) => nodeViewOf(node)),
    ...more,
  });
}

export function started(node: string, attempt = 1, usd: number | null = null): RunEvent {
  return {
    type: 'attempt.started',
    node,
    attempt,
    route: { provider: 'codex', profile: 'fast', model: null, effort: null, mode: 'write' },
    reasons: ['because'],
    base: null,
    reserved: { usd, tokens: null },
  };
}

export function ended(node: string, attempt = 1, usd: number | null = 0.5): RunEvent {
  return {
    type: 'attempt.ended',
    node,
    attempt,
    ending: {
      class: 'done',
      message: 'done',
      exitCode: 0,
      signal: null,
      session: 'session-1',
      model: 'gpt',
      spend: { usd, input: 100, cached: 40, output: 10 },
      resetsAt: null,
    },
    handoff: null,
  };
}
