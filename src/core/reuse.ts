import type { Origin } from './event.ts';
import type { NodeSpec } from './node.ts';
import type { Run, RunNode } from './run.ts';

/** Whether the answer of such a node can stand for another one: a worker's, who adds no nodes and goes on with no session. */
export function isReusable({ kind, emit, resume }: NodeSpec): boolean {
  return kind === 'agent' && emit === null && resume === null;
}

/**
 * Whether a receipt of another run may answer it now. Not what was tried already, or asked for again: by a gate, by a person, or because
 * it could not land.
 */
export function mayBeReused({ invalidations }: Run, node: RunNode): boolean {
  const { spec, state, attempts, stale } = node;
  if (!isReusable(spec) || state.status !== 'waiting') return false;
  if (attempts.some(({ attempt }) => attempt > stale)) return false;
  return !invalidations.some(({ target }) => target === spec.name);
}

/** What a node rests on that was not executed; null where it was, or has no result. */
export function originOf({ state, attempts }: Pick<RunNode, 'state' | 'attempts'>): Origin | null {
  if (state.status !== 'verified') return null;
  return attempts.findLast((one) => one.attempt === state.attempt)?.reused ?? null;
}

/** `reused from r-3/api`. */
export function reusedText({ run, node }: Pick<Origin, 'run' | 'node'>): string {
  return `reused from ${run.split('-', 2).join('-')}/${node}`;
}
