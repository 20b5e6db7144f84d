import type { Limits } from '../core/limits.ts';
import type { Conclusion, EndClass } from '../core/worker.ts';
import type { EndedBy } from './attempt.ts';

/** The provider's conclusion, with our own part in the end of the worker taken into account. */
export function concludeAttempt(
  conclusion: Conclusion,
  endedBy: EndedBy,
  limits: Limits,
): Conclusion {
  switch (endedBy) {
    case 'itself':
    case 'lost':
      return conclusion;
    case 'stop':
      return { ...conclusion, class: 'stopped', message: 'It was stopped.' };
    case 'output':
      return {
        ...conclusion,
        class: 'output-limit',
        message: `It wrote more than ${limits.maxOutputBytes} bytes and was ended.`,
      };
    case 'startup':
    case 'idle':
    case 'total':
      return isExplained(conclusion.class)
        ? conclusion
        : { ...conclusion, class: 'timeout', message: timeoutMessage(endedBy, limits) };
  }
}

/** Whether the worker itself had said how it ended: then only its process had failed to go, and that is no reason to do the work again. */
function isExplained(end: EndClass): boolean {
  return end !== 'crashed' && end !== 'lost' && end !== 'incomplete';
}

function timeoutMessage(limit: 'startup' | 'idle' | 'total', limits: Limits): string {
  switch (limit) {
    case 'startup':
      return `It said nothing within ${seconds(limits.startupMs)} of its start and was ended.`;
    case 'idle':
      return `It was silent for ${seconds(limits.idleMs)} while no tool ran and was ended.`;
    case 'total':
      return `It ran for ${seconds(limits.totalMs)}, which is all it is given, and was ended.`;
  }
}

function seconds(ms: number): string {
  return `${Math.round(ms / 100) / 10} s`;
}
