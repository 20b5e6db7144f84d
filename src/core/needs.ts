import type { Action } from './action.ts';
import type { Run, RunNode } from './run.ts';

/** Whether a node may start as far as its `needs` go: not yet, never (and because of whom), or now. */
export type Need = 'met' | 'open' | { by: string };

/**
 * A need is met by a node that is verified and landed (or skipped on purpose). A node that emits more nodes is met once it has
 * emitted them and all of them are met, so that whoever needs a planner waits for the plan's work, and
 * whoever needs a map for its items.
 */
export function needOf(run: Run, node: RunNode): Need {
  let isOpen = false;
  if (node.spec.needs.length === 0) return 'met';
  const states = statesOf(run);
  for (const name of node.spec.needs) {
    const known = states.get(name);
    const need = known ?? stateOfNeed(run, name, new Set());
    if (known === undefined) states.set(name, need);
    if (typeof need === 'object') return need;
    if (need === 'open') isOpen = true;
  }
  return isOpen ? 'open' : 'met';
}

/** Ten thousand items that need one map ask the same of it, and its answer is that of ten thousand others: asked once for one state of a run. */
const knownStates = new WeakMap<Run['nodes'], Map<string, Need>>();

function statesOf({ nodes }: Run): Map<string, Need> {
  const known = knownStates.get(nodes) ?? new Map<string, Need>();
  knownStates.set(nodes, known);
  return known;
}

function stateOfNeed(run: Run, name: string, seen: Set<string>): Need {
  const node = run.nodes.get(name);
  if (node === undefined) return { by: name };
  seen.add(name);
  switch (node.state.status) {
    case 'failed':
    case 'blocked':
    case 'stopped':
      return { by: name };
    case 'skipped':
      return 'met';
    case 'waiting':
    case 'running':
    case 'gating':
      return 'open';
    case 'verified':
      if (!node.state.landed) return 'open';
      return isEmitter(node) ? stateOfEmitted(run, node, seen) : 'met';
  }
}

function isEmitter({ spec }: RunNode): boolean {
  return spec.emit !== null || spec.kind === 'map';
}

function stateOfEmitted(run: Run, node: RunNode, seen: Set<string>): Need {
  if (node.emitted === null) return 'open';
  let isOpen = false;
  for (const name of node.emitted) {
    if (seen.has(name)) continue;
    const need = stateOfNeed(run, name, seen);
    if (typeof need === 'object') return need;
    if (need === 'open') isOpen = true;
  }
  return isOpen ? 'open' : 'met';
}

/** Its needs are met and its `when`, if it has one, is true. */
export function isReady(run: Run, node: RunNode): boolean {
  const { state, spec, admitted } = node;
  if (state.status !== 'waiting' || (spec.when !== null && !admitted)) return false;
  return needOf(run, node) === 'met';
}

/** Nodes that can never start any more because something they need has failed, is blocked or was stopped; and those that can again. */
export function recordBlocked(run: Run): Action[] {
  const actions: Action[] = [];
  for (const node of run.nodes.inState('waiting', 'blocked')) {
    const { name } = node.spec;
    const need = needOf(run, node);
    if (node.state.status === 'blocked') {
      if (typeof need !== 'object')
        actions.push({ do: 'record', event: { type: 'node.unblocked', node: name } });
    } else if (typeof need === 'object')
      actions.push({ do: 'record', event: { type: 'node.blocked', node: name, by: need.by } });
  }
  return actions;
}

/** A gate node that weighs the answer of a reader says what follows from a no. */
export function isReadByGate({ nodes }: Run, name: string): boolean {
  return [...nodes.values()].some(({ spec }) => spec.kind === 'gate' && spec.needs.includes(name));
}
