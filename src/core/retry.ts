import type { Finding } from './gate.ts';
import type { ReturnCause } from './event.ts';
import { isRepairing } from './going-on.ts';
import type { RunNode } from './run.ts';
import type { Settings } from './settings.ts';
import type { EndClass } from './worker.ts';

/** What follows a failed attempt. `counts`: against the node's retries. `exclude`: the provider is not asked again. */
export type Next =
  | { again: true; notBefore: number; counts: boolean; exclude: boolean }
  | { again: false; message: string };

/** Attempts that do not count are limited all the same, so that every run ends. */
const maxUncounted = 12;

/** The rule for an attempt that did not end with an answer. `resetsAt`: when the vendor's window opens, ms since 1970. */
export function afterEnding(
  node: RunNode,
  end: { class: EndClass; message: string; resetsAt: number | null },
  settings: Settings,
  now: number,
): Next {
  const mayFallBack = settings.limits?.fallback === true && node.spec.provider === null;
  switch (end.class) {
    case 'quota':
      return uncounted(
        node,
        end.message,
        mayFallBack ? now : opensAt(end.resetsAt, now, backoffMs(settings, node.uncounted)),
      );
    case 'lost':
      return uncounted(node, end.message, now);
    case 'transient':
    case 'crashed':
      return counted(node, end.message, now + backoffMs(settings, node.counted));
    case 'context':
    case 'timeout':
    case 'output-limit':
    case 'incomplete':
    case 'done':
      return counted(node, end.message, now);
    case 'refused':
    case 'auth':
    case 'invalid': {
      // The session to go on with is gone, or will not: a new one can do the work again.
      if (isRepairing(node)) return counted(node, end.message, now);
      const next = mayFallBack ? counted(node, end.message, now) : null;
      return next?.again === true
        ? { ...next, exclude: true }
        : { again: false, message: end.message };
    }
    case 'budget':
    case 'stopped':
      return { again: false, message: end.message };
  }
}

/** A vendor whose clock is behind names a time that is over: asking again at once would only use up the tries. */
function opensAt(resetsAt: number | null, now: number, pauseMs: number): number {
  return resetsAt === null || resetsAt <= now ? now + pauseMs : resetsAt;
}

/**
 * The rule for a handoff that does not fit while the work is kept: asked for once more in the session of the worker, without counting;
 * when that does not fit either, the attempt has failed. Null: this attempt cannot be asked.
 */
export function afterMisfit(
  node: RunNode,
  worker: { canResume: boolean; session: string | null },
  now: number,
): Extract<Next, { again: true }> | null {
  if (isRepairing(node) || !worker.canResume || worker.session === null) return null;
  const next = uncounted(node, '', now);
  return next.again ? next : null;
}

/** The rule for an answer that did not pass: the findings go back to the node while it has retries left. */
export function afterFindings(
  node: RunNode,
  cause: ReturnCause,
  findings: readonly Finding[],
  now: number,
): Next {
  const titles = findings.slice(0, 3).map((one) => one.title);
  return counted(node, `${causeText(cause)}: ${titles.join('; ') || 'no details'}`, now);
}

/** base, base x factor, base x factor² … up to the maximum. */
export function backoffMs(settings: Settings, failures: number): number {
  const { base = 2_000, factor = 2, max = 600_000 } = settings.retries?.backoff ?? {};
  return Math.min(max, base * factor ** Math.min(failures, 30));
}

function counted(node: RunNode, message: string, notBefore: number): Next {
  if (node.counted >= node.spec.retries) {
    return { again: false, message: `${message} (after ${attemptsText(node)})` };
  }
  return { again: true, notBefore, counts: true, exclude: false };
}

/** `6 attempts, 3 of them only for the handoff`: what ran, be it counted or not. */
function attemptsText({ attempts, stale, counted: before }: RunNode): string {
  const ran = attempts.filter(({ attempt }) => attempt > stale);
  const repairs = ran.filter(({ goesOn }) => goesOn === 'repair').length;
  const others = ran.length - repairs - (before + 1);
  const parts = [
    ...(repairs > 0 ? [`${repairs} of them only for the handoff`] : []),
    ...(others > 0 ? [`${others} of them not counted`] : []),
  ];
  return [`${ran.length} ${ran.length === 1 ? 'attempt' : 'attempts'}`, ...parts].join(', ');
}

function uncounted(node: RunNode, message: string, notBefore: number): Next {
  if (node.uncounted >= maxUncounted) return { again: false, message };
  return { again: true, notBefore, counts: false, exclude: false };
}

function causeText(cause: ReturnCause): string {
  switch (cause) {
    case 'gate':
      return 'a gate refused the result';
    case 'conflict':
      return 'the result conflicts with what landed before it';
    case 'merged-gate':
      return 'the result fails once merged with what landed before it';
    case 'told':
      return 'its worker was told something';
    case 'plan':
      return 'the plan was sent back';
    case 'ending':
    case 'lost':
      return 'the worker did not finish';
  }
}
