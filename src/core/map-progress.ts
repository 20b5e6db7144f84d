import type { Json } from './json.ts';
import type { Run, RunNode } from './run.ts';

/** How far the items of a map are; `open` are those that wait or are at work, `failed` those that can do no more. */
export type MapProgress = {
  total: number;
  verified: number;
  failed: number;
  skipped: number;
  open: number;
};

/** null until the map has unfolded. */
export function progressOf(run: Run, { spec, emitted }: RunNode): MapProgress | null {
  if (spec.kind !== 'map' || emitted === null) return null;
  const progress = { total: emitted.length, verified: 0, failed: 0, skipped: 0, open: 0 };
  for (const name of emitted) {
    const state = run.nodes.get(name)?.state;
    if (state?.status === 'verified' && state.landed) progress.verified += 1;
    else if (state?.status === 'skipped') progress.skipped += 1;
    else if (state !== undefined && isOver(state.status)) progress.failed += 1;
    else progress.open += 1;
  }
  return progress;
}

/** What a node has given to those that need it; null when it was skipped or is not done. A map tells how its items ended. */
export function handedOver(run: Run, name: string): Json {
  const node = run.nodes.get(name);
  if (node?.state.status !== 'verified') return null;
  const progress = progressOf(run, node);
  if (progress === null) return node.state.handoff;
  const { total, verified, failed, skipped } = progress;
  const summary = `${verified} of ${total} verified, ${failed} failed, ${skipped} skipped`;
  const status = verified + skipped === total ? 'pass' : 'fail';
  return { status, summary, total, verified, failed, skipped };
}

function isOver(status: RunNode['state']['status']): boolean {
  return status === 'failed' || status === 'blocked' || status === 'stopped';
}
