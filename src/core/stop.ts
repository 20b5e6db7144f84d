import type { Run, RunNode } from './run.ts';
import { isInterrupted } from './told.ts';

/**
 * What is wanted of a node by a stop of it or of its whole run, by a pause, because its work counts no more, or because its worker is to
 * hear something; null: nobody wants it stopped. `force`: at once.
 */
export function stopOf(run: Run, node: RunNode): { force: boolean } | null {
  const all = run.status.status === 'stopping' ? run.status : null;
  if (all === null && node.stop === null) {
    if (node.state.status !== 'running') return null;
    const isLeaving = node.state.becomes !== null || isInterrupted(run, node);
    return isLeaving ? { force: false } : null;
  }
  return { force: all?.force === true || node.stop?.force === true };
}

/** The whole run is to end now: nothing is proved, landed or verified any more. */
export function isCutOff({ status }: Run): boolean {
  return status.status === 'stopping' && status.force;
}
