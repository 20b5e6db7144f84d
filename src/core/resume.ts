import { ranOut } from './held.ts';
import { NodeMap } from './node-map.ts';
import type { Limit } from './node.ts';
import type { NodeState, Run, RunNode } from './run.ts';

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

/**
 * The run after `run.resumed`; one that is over for good stays over. Who ran out of budget or quota is tried again, and who was blocked
 * by that waits again; all else stays as it ended.
 */
export function resumedRun(run: Run, budget: Limit): Run {
  if (run.status.status === 'stopping') return run;
  if (run.status.status === 'finished' && !isResumable(run)) return run;
  const resumed: Run = {
    ...run,
    spec: { ...run.spec, budget },
    status: { status: 'running' },
    paused: null,
  };
  const hasMore = [...run.nodes.values()].some(ranOut);
  return hasMore ? { ...resumed, nodes: triedAgain(resumed) } : resumed;
}

function triedAgain(run: Run): NodeMap<RunNode> {
  const left = leftOf(run, run.spec.budget);
  const nodes = [...run.nodes.values()].map((node) => {
    if (ranOut(node)) return again(node, left);
    return node.state.status === 'blocked' ? { ...node, state: untouched } : node;
  });
  return new NodeMap(nodes);
}

const untouched: NodeState = { status: 'waiting', notBefore: 0, findings: [], message: null };

/** What one attempt of it was allowed was too little: now it may use all there is. */
function again(node: RunNode, left: Limit): RunNode {
  return { ...node, spec: { ...node.spec, budget: left }, state: untouched, uncounted: 0 };
}

function leftOf({ charged }: Run, budget: Limit): Limit {
  const left = (kind: 'usd' | 'tokens'): number | null => {
    const most = budget[kind];
    return most === null || most <= charged[kind] ? null : most - charged[kind];
  };
  return { usd: left('usd'), tokens: left('tokens') };
}
