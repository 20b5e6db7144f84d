import { isBlocking, type Finding } from './gate.ts';
import type { Judgement } from './event.ts';

/**
 * Whether another round of fixes is worth starting, from the blocking findings of each round so far (oldest first, the newest last).
 *
 * accept: nothing blocks. exhausted: no rounds left. regression: something that was gone is back. deterioration: it got worse.
 * plateau: just what blocked the round before blocks again, or two rounds passed without fewer. fix: none of these.
 */
export function judgeConvergence(
  rounds: readonly (readonly Finding[])[],
  maxCycles: number,
): Judgement {
  const blocking = rounds.map((round) => round.filter(isBlocking));
  const current = blocking.at(-1) ?? [];
  if (current.length === 0) return 'accept';
  const previous = blocking.at(-2);
  if (previous !== undefined) {
    if (cameBack(blocking)) return 'regression';
    if (weightOf(current) > weightOf(previous)) return 'deterioration';
    if (isSame(current, previous) || stoodStill(blocking)) return 'plateau';
  }
  return blocking.length > maxCycles ? 'exhausted' : 'fix';
}

/** One finding however its wording of line numbers and spacing changes: the file and the words of its title. */
export function fingerprint(one: Finding): string {
  const words =
    one.title
      .toLowerCase()
      .replaceAll(/[0-9]+/g, '#')
      .match(/[\p{L}\p{N}#]+/gu) ?? [];
  return `${one.file ?? ''}|${words.join(' ')}`;
}

function cameBack(blocking: readonly (readonly Finding[])[]): boolean {
  const previous = new Set((blocking.at(-2) ?? []).map(fingerprint));
  const before = new Set(blocking.slice(0, -2).flat().map(fingerprint));
  return (blocking.at(-1) ?? [])
    .map(fingerprint)
    .some((mark) => before.has(mark) && !previous.has(mark));
}

function isSame(left: readonly Finding[], right: readonly Finding[]): boolean {
  const marks = new Set(right.map(fingerprint));
  return left.length === right.length && left.every((one) => marks.has(fingerprint(one)));
}

function stoodStill(blocking: readonly (readonly Finding[])[]): boolean {
  const [older, previous, current] = blocking.slice(-3).map(weightOf);
  return (
    older !== undefined &&
    previous !== undefined &&
    current !== undefined &&
    previous >= older &&
    current >= previous
  );
}

function weightOf(findings: readonly Finding[]): number {
  return findings.reduce((sum, one) => sum + (one.severity === 'critical' ? 3 : 1), 0);
}
