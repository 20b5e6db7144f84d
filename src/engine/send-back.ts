import type { RunEvent, Work } from '../core/event.ts';
import type { Finding } from '../core/gate.ts';
import { afterFindings, afterMisfit, type Next } from '../core/retry.ts';
import type { RunNode } from '../core/run.ts';
import type { Engine } from './engine.ts';

/** In the session that has done the work, where that can be gone on with; null: the attempt has failed. */
export function askAgain(
  engine: Engine,
  node: RunNode,
  left: {
    attempt: number;
    findings: readonly Finding[];
    work: Work | null;
    session: string | null;
  },
): RunEvent | null {
  const { session, ...rest } = left;
  const canResume = canGoOn(engine, node, session);
  const next = afterMisfit(node, { canResume, session }, engine.clock.now());
  return next === null ? null : { ...returned(node, rest, next), repair: true };
}

/** Whether the session of the newest attempt of a node can be gone on with. */
export function canGoOn(engine: Engine, node: RunNode, session: string | null): boolean {
  const provider = node.attempts.at(-1)?.route?.provider;
  const known = engine.providers.find((one) => one.name === provider);
  return session !== null && known?.abilities.resume === true;
}

/** What a gate refused goes back with the findings; where no try is left the node has failed. */
export function sendBack(
  engine: Engine,
  node: RunNode,
  { attempt, findings, work }: { attempt: number; findings: readonly Finding[]; work: Work | null },
): RunEvent {
  const next = afterFindings(node, 'gate', findings, engine.clock.now());
  if (next.again) return returned(node, { attempt, findings, work }, next);
  const { name } = node.spec;
  return { type: 'node.failed', node: name, message: next.message, findings: [...findings] };
}

function returned(
  { spec }: RunNode,
  left: { attempt: number; findings: readonly Finding[]; work: Work | null },
  next: Extract<Next, { again: true }>,
): Extract<RunEvent, { type: 'node.returned' }> {
  const { attempt, findings, work } = left;
  return {
    type: 'node.returned',
    node: spec.name,
    attempt,
    cause: 'gate',
    message: findings[0]?.title ?? 'a gate refused the result',
    findings: [...findings],
    notBefore: next.notBefore,
    counts: next.counts,
    exclude: null,
    // A reader that wrote starts clean; a writer goes on from what it has.
    carry: spec.write ? work : null,
  };
}
