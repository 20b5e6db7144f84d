import type { Limit } from './node.ts';
import { NodeMap } from './node-map.ts';
import type { Run, RunNode } from './run.ts';

/** The run after `run.paused`. Whose worker is stopped goes on later, as if that attempt had not been. */
export function pausedRun(run: Run, workers: 'finish' | 'stop'): Run {
  if (workers === 'finish') return { ...run, paused: { workers } };
  const nodes = new NodeMap([...run.nodes.values()].map(leavingForNow));
  return { ...run, nodes, paused: { workers } };
}

function leavingForNow(node: RunNode): RunNode {
  const { state } = node;
  if (state.status !== 'running' || state.becomes !== null) return node;
  const { findings } = state;
  const message = findings[0]?.title ?? null;
  return {
    ...node,
    state: { ...state, becomes: { status: 'waiting', notBefore: 0, findings, message } },
  };
}

/** Paused, or over without being done: invalidated since, or out of budget. */
export function isResumable({ status, paused }: Run): boolean {
  if (status.status === 'finished') return status.rerun || status.outcome === 'exhausted';
  return status.status === 'running' && paused !== null;
}

/** The run after `run.resumed`; one that is over for good stays over. */
export function resumedRun(run: Run, budget: Limit): Run {
  if (run.status.status === 'finished' && !isResumable(run)) return run;
  return {
    ...run,
    spec: { ...run.spec, budget },
    status: run.status.status === 'finished' ? { status: 'running' } : run.status,
    paused: null,
  };
}
