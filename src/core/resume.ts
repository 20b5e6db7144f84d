import { ranOut } from './held.ts';
import { NodeMap } from './node-map.ts';
import type { Limit } from './node.ts';
import type { NodeState, Run, RunNode } from './run.ts';

/** A run that its budget has ended can go on under a larger one, and one that is under way as well. */
export function isResumable({ status }: Run): boolean {
  if (status.status === 'finished') return status.outcome === 'exhausted';
  return status.status === 'running';
}

/** Who ran out of budget or quota is tried again, and who was blocked waits again; all else stays as it ended. */
export function resumedRun(run: Run, budget: Limit): Run {
  if (!isResumable(run)) return run;
  const left = leftOf(run, budget);
  const nodes = [...run.nodes.values()].map((node) => {
    if (ranOut(node)) return again(node, left);
    return node.state.status === 'blocked' ? { ...node, state: untouched } : node;
  });
  return {
    ...run,
    spec: { ...run.spec, budget },
    status: { status: 'running' },
    nodes: new NodeMap(nodes),
  };
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
