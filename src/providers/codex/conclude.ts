import { type Json, parseJson } from '../../core/json.ts';
import type { Conclusion, EndClass, ProcessExit } from '../../core/worker.ts';
import { objectIn, readFields, textIn } from '../fields.ts';
import { oneLine } from '../shorten.ts';
import type { CodexMemory } from './memory.ts';
import { resetTime } from './reset-time.ts';

type Judgement = { class: EndClass; message: string };

/** How a finished `codex exec` ended: by the end of its turn first, its exit code second, its texts last. */
export function concludeCodex(state: CodexMemory, exit: ProcessExit): Conclusion {
  const judgement = judge(state, exit);
  return {
    ...judgement,
    exitCode: exit.exitCode,
    signal: exit.signal,
    session: state.session,
    model: null,
    spend: state.spend,
    resetsAt: judgement.class === 'quota' ? resetTime(judgement.message, exit.endedAt) : null,
    answer: state.answer,
    structured: structuredAnswer(state.answer),
  };
}

function judge(state: CodexMemory, exit: ProcessExit): Judgement {
  const { closing } = state;
  if (closing === null) return withoutClosing(state, exit);
  if (!closing.ok) return failure(closing.message);
  // A refusal looks the same: a completed turn without a message (recorded).
  if (state.answer === '') {
    return { class: 'incomplete', message: 'Codex completed its turn without an answer.' };
  }
  return { class: 'done', message: 'Codex completed its turn.' };
}

function withoutClosing(state: CodexMemory, exit: ProcessExit): Judgement {
  if (exit.signal !== null)
    return { class: 'crashed', message: `Codex was ended by ${exit.signal}.` };
  if (exit.exitCode === null) return { class: 'lost', message: 'Nobody saw Codex end.' };
  if (exit.exitCode === 0) {
    return { class: 'incomplete', message: 'Codex ended without completing its turn.' };
  }
  if (state.lastError !== null) return failure(state.lastError);
  const said = oneLine(exit.stderr.replace('Reading additional input from stdin...', ''));
  // Exit code 2 for its arguments, 1 for everything else that keeps it from starting, with the reason on stderr.
  if (state.session === null && exit.exitCode <= 2 && said !== '') return refusedStart(said);
  const reason = said === '' ? '' : `: ${said.slice(-500)}`;
  return {
    class: 'crashed',
    message: `Codex ended with exit code ${exit.exitCode} in the middle of its turn${reason}`,
  };
}

function refusedStart(said: string): Judgement {
  const message = said.slice(0, 500);
  if (/already has an active writer/i.test(said)) return { class: 'transient', message };
  return { class: /not logged in|codex login/i.test(said) ? 'auth' : 'invalid', message };
}

function failure(raw: string): Judgement {
  // A bad request comes as the JSON the server sent.
  const message = oneLine(textIn(objectIn(readFields(raw), 'error'), 'message') ?? raw);
  const kind = textIn(objectIn(readFields(raw), 'error'), 'type');
  if (kind === 'invalid_request_error') return { class: 'invalid', message };
  return {
    class: failureClasses.find(([sign]) => sign.test(message))?.[1] ?? 'transient',
    message,
  };
}

/** `exec` tells failures apart by their texts alone. The first that fits decides (0.169.0, recorded). */
const failureClasses: readonly (readonly [RegExp, EndClass])[] = [
  [/hit your usage limit|quota exceeded|exceeded your current quota/i, 'quota'],
  [/last status: 429|unexpected status 429|rate limit/i, 'quota'],
  [/model's context window|context_length_exceeded|maximum context length/i, 'context'],
  [/content was flagged|usage policy|cyber_policy/i, 'refused'],
  [/max_output_tokens/i, 'incomplete'],
  [/missing environment variable|not logged in|refresh token|sign in again/i, 'auth'],
  [/(?:unexpected status|last status:) (?:401|403)\b|incorrect api key/i, 'auth'],
  [/(?:unexpected status|last status:) (?:408|409|5\d\d)\b/i, 'transient'],
  [/(?:unexpected status|last status:) 4\d\d\b/i, 'invalid'],
  [/does not exist or you do not have access|model .*not supported|invalid_request/i, 'invalid'],
];

/** With a schema the last message is the JSON text, unchecked. Only objects and lists count: prose may be a number or `null` too. */
function structuredAnswer(answer: string): Json | null {
  const first = answer.trimStart()[0];
  if (first !== '{' && first !== '[') return null;
  return parseJson(answer)?.value ?? null;
}
