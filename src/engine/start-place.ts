import type { Run } from '../core/run.ts';

/** Where the attempt starts and what its gates compare with: what the last one left, or the head of the run's branch. */
export function placeOf(run: Run, name: string): { base: string; from: string } | null {
  if (run.head === null) return null;
  const carry = run.nodes.get(name)?.carry ?? null;
  if (carry !== null) return { base: carry.base, from: carry.commit };
  return { base: run.head.commit, from: run.head.commit };
}
