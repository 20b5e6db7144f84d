import { isDropped } from './added.ts';
import type { RunEvent } from './event.ts';
import type { Finding } from './gate.ts';
import { NodeMap } from './node-map.ts';
import type { NodeState, Run, RunNode } from './run.ts';

type Invalidated = Extract<RunEvent, { type: 'nodes.invalidated' }>;

/** What it means that `target` is to be done again: it, all that rests on it, and what those have emitted. */
export function invalidationOf(
  run: Run,
  why: { by: string; target: string; reason: string; findings: readonly Finding[] },
): Invalidated {
  const { nodes, dropped } = behind(run, why.target);
  return {
    type: 'nodes.invalidated',
    by: why.by,
    target: why.target,
    nodes,
    dropped,
    reason: why.reason,
    findings: [...why.findings],
  };
}

/** How often work was sent back by a gate node of the run; by this one where it is named. */
function sentBackByGates(run: Run, gate: string | null = null): number {
  return run.invalidations.filter(
    ({ by }) => run.nodes.get(by)?.spec.kind === 'gate' && (gate === null || by === gate),
  ).length;
}

/** What follows when a gate node does not pass: its target is done again while that is allowed, else the gate fails. */
export function afterRefusal(run: Run, node: RunNode, findings: readonly Finding[]): RunEvent {
  const { name, onFail } = node.spec;
  const titles = findings.slice(0, 3).map((one) => one.title);
  const failed = (why: string): RunEvent => ({
    type: 'node.failed',
    node: name,
    message: `${titles.join('; ')}${why}`,
    findings: [...findings],
  });
  const target = onFail === null ? undefined : run.nodes.get(onFail.retry);
  if (onFail === null || target === undefined || isDropped(run, target)) return failed('');
  const own = sentBackByGates(run, name);
  if (own >= onFail.maxRetries) return failed(` (${onFail.retry} was done again ${times(own)})`);
  const all = sentBackByGates(run);
  if (all >= run.spec.maxInvalidations)
    return failed(` (the gates of this run have sent work back ${times(all)}, which is the limit)`);
  const reason = `${name} did not pass: ${titles.join('; ')}`;
  return invalidationOf(run, { by: name, target: onFail.retry, reason, findings });
}

function times(count: number): string {
  return count === 1 ? 'once' : `${count} times`;
}

/** The run after `nodes.invalidated`. A node at work changes when its worker has gone. */
export function invalidated(run: Run, event: Invalidated, at: number): Run {
  const gone = new Set([...event.nodes, ...event.dropped]);
  const dropped = new Set(event.dropped);
  const nodes = [...run.nodes.values()].map((node) => {
    const { name } = node.spec;
    if (!gone.has(name)) return node;
    if (dropped.has(name))
      return reset(node, { status: 'skipped', by: node.emittedBy ?? event.by });
    return reset(node, name === event.target ? waitingFor(event) : waiting);
  });
  return {
    ...run,
    nodes: new NodeMap(nodes),
    status: run.status.status === 'finished' ? { ...run.status, rerun: true } : run.status,
    requests: run.requests.filter((one) => one.node === null || !gone.has(one.node)),
    cycles: run.cycles.map((cycle) =>
      gone.has(cycle.node) || cycle.node === 'verify' ? { ...cycle, stale: true } : cycle,
    ),
    invalidations: [...run.invalidations, { ...event, at }],
    verified: null,
    refused: null,
    landed: null,
    landRefused: null,
  };
}

const waiting: Extract<NodeState, { status: 'waiting' }> = {
  status: 'waiting',
  notBefore: 0,
  findings: [],
  message: null,
};

function waitingFor({ reason, findings }: Invalidated): NodeState {
  return { ...waiting, findings, message: reason };
}

function reset(node: RunNode, state: NodeState): RunNode {
  return {
    ...node,
    state: node.state.status === 'running' ? { ...node.state, becomes: state } : state,
    stale: lastEvidence(node),
    admitted: false,
    counted: 0,
    uncounted: 0,
    excluded: [],
    emitted: null,
    carry: null,
    stop: null,
  };
}

/** Of a node without workers every round is an attempt. */
function lastEvidence({ spec, attempts, stale }: RunNode): number {
  const isWork = spec.kind === 'agent' || spec.kind === 'command';
  return isWork ? (attempts.at(-1)?.attempt ?? stale) : stale + 1;
}

/** Whoever needs a node that emits waits for what it has emitted, so it rests on that as well. */
function behind(run: Run, target: string): { nodes: string[]; dropped: string[] } {
  const dependents = dependentsOf(run);
  const reached = new Set([target]);
  const dropped = new Set<string>();
  for (const name of reached) {
    const node = run.nodes.get(name);
    for (const child of node?.emitted ?? []) {
      dropped.add(child);
      reached.add(child);
    }
    for (const dependent of dependents.get(name) ?? []) reached.add(dependent);
    let emitter = node?.emittedBy ?? null;
    while (emitter !== null) {
      for (const dependent of dependents.get(emitter) ?? []) reached.add(dependent);
      emitter = run.nodes.get(emitter)?.emittedBy ?? null;
    }
  }
  dropped.delete(target);
  const others = [...run.nodes.values()].filter(
    (node) => node.spec.name !== target && reached.has(node.spec.name) && !isDropped(run, node),
  );
  const names = others.map((node) => node.spec.name);
  return {
    nodes: [target, ...names.filter((name) => !dropped.has(name))],
    dropped: names.filter((name) => dropped.has(name)),
  };
}

function dependentsOf(run: Run): ReadonlyMap<string, readonly string[]> {
  const dependents = new Map<string, string[]>();
  for (const { spec } of run.nodes.values()) {
    for (const need of spec.needs) {
      const list = dependents.get(need);
      if (list === undefined) dependents.set(need, [spec.name]);
      else list.push(spec.name);
    }
  }
  return dependents;
}
