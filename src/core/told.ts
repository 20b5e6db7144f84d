import type { RunEvent } from './event.ts';
import type { Run, RunNode } from './run.ts';

/** What a node was told and no worker of it has heard yet. */
export function unheardOf({ told, heard }: RunNode): readonly string[] {
  return told.slice(heard);
}

/**
 * Whether its worker is to hear something before anything is made of its work: it is ended, and the next attempt goes on under what was
 * said. A node that is to be stopped, or whose work counts no more, is told nothing.
 */
export function isInterrupted(run: Run, node: RunNode): boolean {
  const { state } = node;
  if (unheardOf(node).length === 0 || node.stop !== null || run.status.status === 'stopping')
    return false;
  return state.status === 'gating' || (state.status === 'running' && state.becomes === null);
}

type Returned = Extract<RunEvent, { type: 'node.returned' }>;

/** What follows once the worker of such a node has ended and its work is kept; it costs no try. */
export function goesOn(
  node: RunNode,
  left: Pick<Returned, 'attempt' | 'carry'> & { canResume: boolean },
): Returned {
  const { attempt, carry, canResume } = left;
  return {
    type: 'node.returned',
    node: node.spec.name,
    attempt,
    cause: 'told',
    message: unheardOf(node).join('\n'),
    findings: [],
    notBefore: 0,
    counts: false,
    exclude: null,
    carry,
    ...(canResume ? { told: true as const } : {}),
  };
}
