import type { Finding } from './gate.ts';
import type { RunNode } from './run.ts';
import type { Route } from './worker.ts';

/** An attempt that only gives its handoff again: in this session of this worker, because of these findings. */
export type Repair = { session: string; route: Route; findings: readonly Finding[] };

/** What the next attempt of a node has to mend and where; null: it does the work. */
export function repairOf(node: RunNode | undefined): Repair | null {
  if (node?.state.status !== 'waiting' || node.state.repair !== true) return null;
  const last = node.attempts.at(-1);
  const session = last?.ending?.session ?? null;
  if (last === undefined || session === null || last.route === null) return null;
  return { session, route: last.route, findings: node.state.findings };
}

/** A session belongs to one CLI with one account. */
export function isSameWorker(one: Route | null, other: Route | null): boolean {
  return one !== null && one.provider === other?.provider && one.profile === other.profile;
}

/** Whether the newest attempt of a node only gave its handoff again. */
export function isRepairing(node: RunNode): boolean {
  return node.attempts.at(-1)?.isRepair === true;
}

/** The session the newest attempt of a node goes on with; null where it has one of its own. */
export function sessionOf(node: RunNode): string | null {
  return isRepairing(node) ? (node.attempts.at(-2)?.ending?.session ?? null) : node.spec.resume;
}
