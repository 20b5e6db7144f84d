import { addSpend, noSpend, type Spend } from '../../core/spend.ts';
import type { WorkerEvent } from '../../core/worker.ts';
import {
  countIn,
  type Fields,
  fieldsOf,
  jsonIn,
  listIn,
  numberIn,
  objectIn,
  objectsIn,
  textIn,
} from '../fields.ts';
import { shorten, wholeAnswer } from '../shorten.ts';
import { addOnce, type ClaudeMemory } from './memory.ts';

/**
 * The closing line of a turn. There may be several in one process: work in the background wakes the model again. The first text is
 * the answer, the last line says how it ended and carries the final totals (2.1.197 and 2.1.329, recorded).
 */
export function closingEvents(fields: Fields, state: ClaudeMemory): WorkerEvent[] {
  const isError = fields['is_error'] === true;
  const text = textIn(fields, 'result') ?? '';
  state.started = true;
  state.session = textIn(fields, 'session_id') ?? state.session;
  state.spend = spendAfter(fields, state.spend);
  state.unsettled = noSpend;
  state.closing = {
    subtype: textIn(fields, 'subtype') ?? '',
    isError,
    text: shorten(text),
    apiStatus: numberIn(fields, 'api_error_status'),
    stopReason: textIn(fields, 'stop_reason'),
    terminalReason: textIn(fields, 'terminal_reason'),
    safetyStops: countIn(fields, 'safety_stops'),
    errors: listIn(fields, 'errors')
      .filter((one) => typeof one === 'string')
      .slice(0, 20)
      .map(shorten),
  };
  if (!isError && state.answer === '') state.answer = wholeAnswer(text);
  if (!isError) state.structured = jsonIn(fields, 'structured_output') ?? state.structured;
  return [
    ...openToolEvents(state),
    ...deniedEvents(fields, state),
    { type: 'usage', spend: state.spend },
    { type: 'result', ok: !isError, text: shorten(text) },
  ];
}

/**
 * Totals are cumulative within a process. On resume 2.1.197 starts at 0 again, but 2.1.329 goes on with the session's total: there
 * only the difference, `model_usage_since_last_result`, is this attempt's.
 */
function spendAfter(fields: Fields, before: Spend): Spend {
  const since = objectIn(fields, 'model_usage_since_last_result');
  if (since !== null) return addSpend(before, modelSpend(since));
  const total = objectIn(fields, 'modelUsage');
  const usd =
    numberIn(fields, 'total_cost_usd') === null ? null : countIn(fields, 'total_cost_usd');
  if (total === null) return usd === null ? before : { ...before, usd };
  const tokens = modelSpend(total);
  return { ...tokens, usd: usd ?? tokens.usd };
}

function modelSpend(models: Fields): Spend {
  let sum: Spend = { ...noSpend, usd: 0 };
  for (const value of Object.values(models)) {
    const model = fieldsOf(value);
    const cached = countIn(model, 'cacheReadInputTokens');
    sum = addSpend(sum, {
      usd: countIn(model, 'costUSD'),
      input: countIn(model, 'inputTokens') + countIn(model, 'cacheCreationInputTokens') + cached,
      cached,
      output: countIn(model, 'outputTokens'),
    });
  }
  return sum;
}

/** No tool runs past the end of a turn that the caller could wait for. */
function openToolEvents(state: ClaudeMemory): WorkerEvent[] {
  const open = state.openTools;
  state.openTools = [];
  return open.map((id) => ({
    type: 'tool.ended',
    id,
    ok: false,
    exitCode: null,
    summary: 'no result before the turn ended',
  }));
}

/** 2.1.197 names denied calls only here. */
function deniedEvents(fields: Fields, state: ClaudeMemory): WorkerEvent[] {
  return objectsIn(fields, 'permission_denials').flatMap((denial) => {
    const id = textIn(denial, 'tool_use_id');
    if (id !== null && !addOnce(state.denied, id)) return [];
    return [
      { type: 'denied', tool: textIn(denial, 'tool_name') ?? 'unknown', reason: 'no permission' },
    ];
  });
}
