import type { Json } from '../../core/json.ts';
import type { Parser, WorkerEvent } from '../../core/worker.ts';
import {
  countIn,
  type Fields,
  kindIn,
  fieldsOf,
  listIn,
  numberIn,
  objectIn,
  objectsIn,
  readFields,
  textIn,
} from '../fields.ts';
import { oneLine, shorten } from '../shorten.ts';
import { concludeClaude } from './conclude.ts';
import { addOnce, type ClaudeMemory, recall } from './memory.ts';
import { closingEvents } from './result.ts';
import { toolStarted } from './tools.ts';

/**
 * Reads `claude -p --output-format stream-json --verbose` line by line. Facts are from Claude Code 2.1.197 and 2.1.329, recorded.
 * Fields come in any order, unknown types come with every version, and lines may follow the closing one.
 */
export function claudeParser(memory: Json | null): Parser {
  const state = recall(memory);
  return {
    push: (line) => {
      const fields = readFields(line);
      if (fields !== null) return eventsOf(fields, line, state);
      return line.trim() === '' ? [] : [{ type: 'unknown', sample: shorten(line) }];
    },
    memory: () => structuredClone(state),
    conclude: (exit) => concludeClaude(state, exit),
  };
}

function eventsOf(fields: Fields, line: string, state: ClaudeMemory): WorkerEvent[] {
  switch (kindIn(fields, 'type')) {
    case 'system':
      return systemEvents(fields, line, state);
    case 'assistant':
      return assistantEvents(fields, state);
    case 'user':
      return userEvents(fields, state);
    case 'result':
      return closingEvents(fields, state);
    case 'rate_limit_event':
      return quotaEvents(objectIn(fields, 'rate_limit_info'), state);
    case 'stream_event':
    case 'control_request':
    case 'control_response':
    case 'control_cancel_request':
    case 'keep_alive':
      return [];
    default:
      return [{ type: 'unknown', sample: shorten(line) }];
  }
}

function systemEvents(fields: Fields, line: string, state: ClaudeMemory): WorkerEvent[] {
  switch (kindIn(fields, 'subtype')) {
    case 'init':
      state.started = true;
      return sessionEvents(textIn(fields, 'session_id'), textIn(fields, 'model'), state);
    case 'api_retry':
      return [
        {
          type: 'retrying',
          attempt: countIn(fields, 'attempt'),
          delayMs: numberIn(fields, 'retry_delay_ms'),
          reason: [textIn(fields, 'error') ?? 'error', numberIn(fields, 'error_status') ?? '']
            .join(' ')
            .trim(),
        },
      ];
    case 'compact_boundary': {
      const about = objectIn(fields, 'compact_metadata');
      const before = numberIn(about, 'pre_tokens');
      return [{ type: 'compacted', before, after: numberIn(about, 'post_tokens') }];
    }
    case 'permission_denied': {
      const id = textIn(fields, 'tool_use_id');
      if (id !== null && !addOnce(state.denied, id)) return [];
      return [
        {
          type: 'denied',
          tool: textIn(fields, 'tool_name') ?? 'unknown',
          reason: shorten(textIn(fields, 'message') ?? 'no permission'),
        },
      ];
    }
    case 'model_fallback':
    case 'informational':
      return notice(textIn(fields, 'content'));
    case 'model_refusal_no_fallback':
      return notice('The model refused to answer.');
    case 'status':
      return textIn(fields, 'compact_result') === 'failed'
        ? notice(`Compaction failed: ${textIn(fields, 'compact_error') ?? 'no reason given'}.`)
        : [];
    case 'task_notification':
      return notice(`Background task ended: ${textIn(fields, 'summary') ?? ''}`);
    case 'task_started':
    case 'task_progress':
    case 'task_updated':
    case 'background_tasks_changed':
    case 'hook_started':
    case 'hook_progress':
    case 'hook_response':
    case 'thinking_tokens':
    case 'ui_invalidate':
    case 'session_state_changed':
      return [];
    default:
      return [{ type: 'unknown', sample: shorten(line) }];
  }
}

/** Init comes again with every turn; only news is an event. */
function sessionEvents(
  session: string | null,
  model: string | null,
  state: ClaudeMemory,
): WorkerEvent[] {
  if (session === null) return [];
  if (state.session === session && (model === null || model === state.model)) return [];
  state.session = session;
  state.model = model ?? state.model;
  return [{ type: 'session', session, model: state.model }];
}

function assistantEvents(fields: Fields, state: ClaudeMemory): WorkerEvent[] {
  const message = objectIn(fields, 'message');
  const blocks = objectsIn(message, 'content');
  state.started = true;
  if (textIn(message, 'model') === '<synthetic>') {
    state.apiError = textIn(fields, 'error') ?? state.apiError;
    return blocks.flatMap((block) => notice(textIn(block, 'text')));
  }
  const isSubagent = textIn(fields, 'parent_tool_use_id') !== null;
  if (!isSubagent) state.apiError = null;
  countTurn(message, state);
  return [
    ...(isSubagent ? [] : answeringModel(textIn(message, 'model'), state)),
    ...blocks.flatMap((block) => blockEvents(block, isSubagent, state)),
  ];
}

/** After a fallback another model answers than init announced. Init may add a suffix such as `[1m]`, the turns do not. */
function answeringModel(model: string | null, state: ClaudeMemory): WorkerEvent[] {
  if (model === null || state.session === null) return [];
  if (state.model === model || state.model?.startsWith(`${model}[`) === true) return [];
  return sessionEvents(state.session, model, state);
}

/** Output is a start value (1) here, so it is not counted; what went in is right. */
function countTurn(message: Fields | null, state: ClaudeMemory): void {
  const id = textIn(message, 'id');
  const usage = objectIn(message, 'usage');
  if (id === null || usage === null || !addOnce(state.turns, id)) return;
  const cached = countIn(usage, 'cache_read_input_tokens');
  const fresh = countIn(usage, 'input_tokens') + countIn(usage, 'cache_creation_input_tokens');
  state.unsettled = {
    usd: null,
    input: state.unsettled.input + fresh + cached,
    cached: state.unsettled.cached + cached,
    output: 0,
  };
}

function blockEvents(block: Fields, isSubagent: boolean, state: ClaudeMemory): WorkerEvent[] {
  switch (kindIn(block, 'type')) {
    case 'text': {
      const text = textIn(block, 'text') ?? '';
      if (text === '') return [];
      return isSubagent ? notice(`Subagent: ${text}`) : [{ type: 'text', text: shorten(text) }];
    }
    case 'thinking': {
      const text = textIn(block, 'thinking') ?? '';
      return text === '' ? [] : [{ type: 'thinking', text: shorten(text) }];
    }
    case 'tool_use': {
      const started = toolStarted(block);
      if (started === null) return [];
      addOnce(state.openTools, started.id);
      return [started];
    }
    default:
      return [];
  }
}

function userEvents(fields: Fields, state: ClaudeMemory): WorkerEvent[] {
  state.started = true;
  const blocks = objectsIn(objectIn(fields, 'message'), 'content');
  return blocks.flatMap((block) => {
    const id = textIn(block, 'tool_use_id');
    if (textIn(block, 'type') !== 'tool_result' || id === null) return [];
    const at = state.openTools.indexOf(id);
    if (at !== -1) state.openTools.splice(at, 1);
    const ok = block['is_error'] !== true;
    const text = resultText(block);
    const exitCode = ok ? shellExit(fields) : failedExit(text);
    return [{ type: 'tool.ended', id, ok, exitCode, summary: oneLine(text) }];
  });
}

function resultText(block: Fields): string {
  const content = textIn(block, 'content');
  if (content !== null) return content;
  return listIn(block, 'content')
    .map((part) => textIn(fieldsOf(part), 'text') ?? '')
    .join('\n');
}

/** A command that went well says so only by the shape of its structured result. */
function shellExit(fields: Fields): number | null {
  const result = objectIn(fields, 'tool_use_result');
  const isShell = textIn(result, 'stdout') !== null && result?.['interrupted'] === false;
  return isShell ? 0 : null;
}

function failedExit(text: string): number | null {
  const code = /^(?:Error: )?Exit code (\d{1,3})\b/.exec(text)?.[1];
  return code === undefined ? null : Number(code);
}

/** Only with a subscription; the reset time is nowhere else. It counts in seconds. */
function quotaEvents(about: Fields | null, state: ClaudeMemory): WorkerEvent[] {
  const status = textIn(about, 'status');
  const window = textIn(about, 'rateLimitType');
  const seconds = numberIn(about, 'resetsAt');
  const resetsAt = seconds === null || Math.abs(seconds) > 1e11 ? null : seconds * 1000;
  const inWindow = window === null ? null : objectIn(objectIn(about, 'unifiedWindows'), window);
  const used = numberIn(about, 'utilization') ?? numberIn(inWindow, 'utilization');
  if (status === null) return [];
  if (status === 'rejected') state.quota = { resetsAt };
  return [{ type: 'quota', status: quotaStatus(status), window, used, resetsAt }];
}

function quotaStatus(status: string): 'ok' | 'warning' | 'exceeded' {
  if (status === 'rejected') return 'exceeded';
  return status === 'allowed' ? 'ok' : 'warning';
}

function notice(text: string | null): WorkerEvent[] {
  return text === null || text === '' ? [] : [{ type: 'notice', text: shorten(text) }];
}
