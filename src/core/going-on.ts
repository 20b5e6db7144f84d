import type { Finding } from './gate.ts';
import type { AttemptRecord, RunNode } from './run.ts';
import { unheardOf } from './told.ts';
import type { Route } from './worker.ts';

/**
 * An attempt that goes on in this session of this worker. `repair`: it only gives its handoff again, because of these findings.
 * `told`: it goes on with the work, under what its node was told meanwhile.
 */
export type GoingOn = { session: string; route: Route } & (
  | { why: 'repair'; findings: readonly Finding[] }
  | { why: 'told'; texts: readonly string[] }
);

/** What the next attempt of a node goes on with; null: it begins in a session of its own. */
export function goingOnOf(node: RunNode | undefined): GoingOn | null {
  if (node?.state.status !== 'waiting' || node.state.goesOn === undefined) return null;
  const last = node.attempts.at(-1);
  const session = last?.ending?.session ?? null;
  if (last === undefined || session === null || last.route === null) return null;
  const { route } = last;
  return node.state.goesOn === 'repair'
    ? { why: 'repair', session, route, findings: node.state.findings }
    : { why: 'told', session, route, texts: unheardOf(node) };
}

/** A session belongs to one CLI with one account. */
export function isSameWorker(one: Route | null, other: Route | null): boolean {
  return one !== null && one.provider === other?.provider && one.profile === other.profile;
}

/** Whether the newest attempt of a node only gave its handoff again. */
export function isRepairing(node: RunNode): boolean {
  return node.attempts.at(-1)?.goesOn === 'repair';
}

/** The newest attempt and those in whose session and folder it goes on, in their order: their work is one. */
export function attemptsOfSession({ attempts }: RunNode): readonly AttemptRecord[] {
  let first = attempts.length - 1;
  while (first > 0 && attempts[first]?.goesOn !== undefined) first -= 1;
  return attempts.slice(Math.max(0, first));
}

/** The session the newest attempt of a node goes on with; null where it has one of its own. */
export function sessionOf(node: RunNode): string | null {
  return node.attempts.at(-1)?.goesOn === undefined
    ? node.spec.resume
    : (node.attempts.at(-2)?.ending?.session ?? null);
}
