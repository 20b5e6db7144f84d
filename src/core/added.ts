import type { RunEvent } from './event.ts';
import { NodeMap } from './node-map.ts';
import type { NodeSpec } from './node.ts';
import type { Run, RunNode } from './run.ts';

export function newNode(spec: NodeSpec, emittedBy: string | null): RunNode {
  return {
    spec,
    state: { status: 'waiting', notBefore: 0, findings: [], message: null },
    attempts: [],
    counted: 0,
    uncounted: 0,
    excluded: [],
    emittedBy,
    emitted: null,
    carry: null,
    stale: 0,
    told: [],
    heard: 0,
    admitted: false,
    stop: null,
  };
}

/** What is there already stays as it is, unless the node that had emitted it withdrew it: then its name is free again. */
export function addNodes(run: Run, event: Extract<RunEvent, { type: 'nodes.added' }>): Run {
  const nodes = new Map(run.nodes);
  const added = event.nodes.filter(({ name }) => {
    const there = nodes.get(name);
    return there === undefined || isDropped(run, there);
  });
  const emitter = nodes.get(event.by);
  if (emitter !== undefined) {
    nodes.set(event.by, {
      ...emitter,
      emitted: [...(emitter.emitted ?? []), ...added.map((node) => node.name)],
    });
  }
  for (const spec of added) {
    const node = newNode(spec, event.by);
    const before = nodes.get(spec.name);
    nodes.set(spec.name, before === undefined ? node : withHistory(node, before));
  }
  return { ...run, nodes: new NodeMap([...nodes.values()]) };
}

/** Withdrawn by the node that had emitted it. */
export function isDropped(run: Run, { spec, emittedBy }: RunNode): boolean {
  const emitter = emittedBy === null ? undefined : run.nodes.get(emittedBy);
  return emitter !== undefined && emitter.emitted?.includes(spec.name) !== true;
}

/** Folders, refs and receipts are named after node and attempt, so that the attempts of a name are counted on. */
function withHistory(node: RunNode, { attempts, stale }: RunNode): RunNode {
  return { ...node, attempts, stale };
}
