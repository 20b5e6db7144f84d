import { noLimit, reserve } from './budget.ts';
import { needOf } from './needs.ts';
import type { Limit } from './node.ts';
import type { Run, RunNode } from './run.ts';

/** Nodes that could start now but for the run's own budget. */
export function heldByBudget(run: Run): string[] {
  const reserved = reservations(run);
  return run.nodes
    .inState('waiting')
    .filter((node) => isHeld(run, node, reserved))
    .map(({ spec }) => spec.name);
}

/** What those who run have set aside. */
export function reservations(run: Run): Limit[] {
  return run.nodes
    .inState('running')
    .map(({ state }) => (state.status === 'running' ? state.reserved : noLimit));
}

export function isHeld(run: Run, node: RunNode, reserved: readonly Limit[]): boolean {
  if (node.state.status !== 'waiting' || node.spec.kind !== 'agent') return false;
  if (needOf(run, node) !== 'met') return false;
  const account = { ceiling: run.spec.budget, charged: run.charged, reserved };
  return reserve(account, node.spec.budget) === null;
}

/** The vendor's limit or the budget ended the last attempt of the node, so that more of it can mend what failed. */
export function ranOut(node: RunNode): boolean {
  const last = node.attempts.at(-1)?.ending?.class;
  return node.state.status === 'failed' && (last === 'budget' || last === 'quota');
}
