import { addSpend } from '../../core/spend.ts';
import type { Conclusion, EndClass, ProcessExit } from '../../core/worker.ts';
import { oneLine } from '../shorten.ts';
import type { ClaudeMemory } from './memory.ts';

type Closing = NonNullable<ClaudeMemory['closing']>;
type Judgement = { class: EndClass; message: string };

/** How a finished Claude Code process ended: by its closing line first, its exit code second, its texts last. */
export function concludeClaude(state: ClaudeMemory, exit: ProcessExit): Conclusion {
  const judgement =
    state.closing === null ? withoutClosing(state, exit) : byClosing(state.closing, state);
  return {
    ...judgement,
    exitCode: exit.exitCode,
    signal: exit.signal,
    session: state.session,
    model: state.model,
    spend: addSpend(state.spend, state.unsettled),
    resetsAt: judgement.class === 'quota' ? (state.quota?.resetsAt ?? null) : null,
    answer: state.answer,
    structured: state.structured,
  };
}

function byClosing(closing: Closing, state: ClaudeMemory): Judgement {
  const message = oneLine(closing.text || closing.errors.join(' ')) || 'It gave no reason.';
  if (closing.stopReason === 'refusal') return { class: 'refused', message };
  if (closing.subtype === 'success' && !closing.isError) return answered(state);
  switch (closing.subtype) {
    case 'error_max_budget_usd':
      return { class: 'budget', message };
    case 'error_max_turns':
    case 'error_max_structured_output_retries':
      return { class: 'incomplete', message };
    case 'success':
      return { class: failureClass(closing, state), message };
    default:
      return interrupted(closing, message);
  }
}

function answered(state: ClaudeMemory): Judgement {
  if (state.answer === '' && state.structured === null) {
    return { class: 'incomplete', message: 'Claude Code ended without an answer.' };
  }
  return { class: 'done', message: 'Claude Code finished its turn.' };
}

/** `error_during_execution`: a signal stopped the turn, or a session to resume was not found (then no turn was made). */
function interrupted(closing: Closing, message: string): Judgement {
  if (closing.terminalReason?.startsWith('aborted') === true) {
    return { class: 'crashed', message: 'Claude Code was interrupted in the middle of its turn.' };
  }
  const isUnknownSession = closing.errors.some((error) => /no conversation found/i.test(error));
  return { class: isUnknownSession ? 'invalid' : 'crashed', message };
}

/** `subtype: "success"` with `is_error` is the normal shape of an API failure. */
function failureClass(closing: Closing, state: ClaudeMemory): EndClass {
  if (isTooLong(closing)) return 'context';
  const kind = failureKinds.get(state.apiError ?? '');
  if (kind !== undefined) return kind;
  if (closing.safetyStops > 0 && closing.apiStatus === null) return 'refused';
  return statusClass(closing.apiStatus);
}

function isTooLong(closing: Closing): boolean {
  const reasons = ['prompt_too_long', 'blocking_limit', 'image_error'];
  return reasons.includes(closing.terminalReason ?? '') || closing.apiStatus === 413;
}

/** `error` of the synthetic assistant line before the closing one; what is missing here is decided by the HTTP status. */
const failureKinds: ReadonlyMap<string, EndClass> = new Map([
  ['authentication_failed', 'auth'],
  ['oauth_org_not_allowed', 'auth'],
  ['billing_error', 'quota'],
  ['rate_limit', 'quota'],
  ['model_not_found', 'invalid'],
  ['max_output_tokens', 'incomplete'],
  ['server_error', 'transient'],
  ['overloaded', 'transient'],
]);

function statusClass(status: number | null): EndClass {
  if (status === 401 || status === 403) return 'auth';
  if (status === 429) return 'quota';
  if (status === 408 || status === 409) return 'transient';
  return status !== null && status >= 400 && status < 500 ? 'invalid' : 'transient';
}

function withoutClosing(state: ClaudeMemory, exit: ProcessExit): Judgement {
  const said = oneLine(exit.stderr).slice(0, 500);
  if (exit.signal !== null) {
    return { class: 'crashed', message: `Claude Code was ended by ${exit.signal}.` };
  }
  if (exit.exitCode === null) return { class: 'lost', message: 'Nobody saw Claude Code end.' };
  if (exit.exitCode === 0) {
    return { class: 'incomplete', message: 'Claude Code ended without a closing line.' };
  }
  // Refused flags, sessions and settings: exit code 1, nothing on stdout, the reason on stderr.
  if (exit.exitCode === 1 && !state.started && said !== '') {
    return { class: 'invalid', message: said };
  }
  const reason = said === '' ? '' : `: ${said}`;
  return {
    class: 'crashed',
    message: `Claude Code ended with exit code ${exit.exitCode} and no closing line${reason}`,
  };
}
