import type { Json } from '../../core/json.ts';
import type { Spend } from '../../core/spend.ts';
import type { Parser, WorkerEvent } from '../../core/worker.ts';
import { countIn, type Fields, kindIn, objectIn, readFields, textIn } from '../fields.ts';
import { shorten, wholeAnswer } from '../shorten.ts';
import { concludeCodex } from './conclude.ts';
import { todoText, toolEnd, toolOf } from './items.ts';
import { type CodexMemory, recall } from './memory.ts';

const openToolsRemembered = 200;

/** Reads `codex exec --json` line by line. Facts are from Codex 0.169.0, recorded. */
export function codexParser(memory: Json | null): Parser {
  const state = recall(memory);
  return {
    push: (line) => {
      const fields = readFields(line);
      if (fields !== null) return eventsOf(fields, line, state);
      return line.trim() === '' ? [] : [{ type: 'unknown', sample: shorten(line) }];
    },
    memory: () => structuredClone(state),
    conclude: (exit) => concludeCodex(state, exit),
  };
}

function eventsOf(fields: Fields, line: string, state: CodexMemory): WorkerEvent[] {
  const item = objectIn(fields, 'item');
  switch (kindIn(fields, 'type')) {
    case 'thread.started':
      return threadEvents(textIn(fields, 'thread_id'), state);
    case 'turn.started':
      state.closing = null;
      return [];
    case 'item.started':
      return item === null ? [] : startedEvents(item, line, state);
    case 'item.updated':
      return [];
    case 'item.completed':
      return item === null ? [] : completedEvents(item, line, state);
    case 'error':
      return errorEvents(textIn(fields, 'message') ?? 'no message', state);
    case 'turn.completed':
      return turnCompleted(objectIn(fields, 'usage'), state);
    case 'turn.failed':
      return turnFailed(textIn(objectIn(fields, 'error'), 'message') ?? 'no message', state);
    default:
      return [{ type: 'unknown', sample: shorten(line) }];
  }
}

/** The stream never names the model. */
function threadEvents(session: string | null, state: CodexMemory): WorkerEvent[] {
  if (session === null || session === state.session) return [];
  state.session = session;
  return [{ type: 'session', session, model: null }];
}

function startedEvents(item: Fields, line: string, state: CodexMemory): WorkerEvent[] {
  const tool = toolOf(item);
  if (tool === null) return isKnown(item) ? [] : [{ type: 'unknown', sample: shorten(line) }];
  state.openTools.push(tool.id);
  if (state.openTools.length > openToolsRemembered) state.openTools.shift();
  return [tool];
}

function completedEvents(item: Fields, line: string, state: CodexMemory): WorkerEvent[] {
  const text = textIn(item, 'text') ?? '';
  switch (kindIn(item, 'type')) {
    case 'agent_message':
      state.answer = wholeAnswer(text);
      return [{ type: 'text', text: shorten(text) }];
    case 'reasoning':
      return [{ type: 'thinking', text: shorten(text) }];
    case 'error':
      return [{ type: 'notice', text: shorten(textIn(item, 'message') ?? 'a warning') }];
    case 'todo_list':
      return [{ type: 'notice', text: todoText(item) }];
    default:
      return toolCompleted(item, line, state);
  }
}

function toolCompleted(item: Fields, line: string, state: CodexMemory): WorkerEvent[] {
  const tool = toolOf(item);
  if (tool === null) return [{ type: 'unknown', sample: shorten(line) }];
  const at = state.openTools.indexOf(tool.id);
  if (at === -1) return [tool, ...toolEnd(item, tool)];
  state.openTools.splice(at, 1);
  return toolEnd(item, tool);
}

/** Not final: "Reconnecting... 2/5 (…)" may be followed by success. Only the end of the turn decides. */
function errorEvents(message: string, state: CodexMemory): WorkerEvent[] {
  const retry = /^Reconnecting\.\.\. (?:(\d{1,9})\/\d+|waiting for network)(?: \((.*)\))?$/s.exec(
    message,
  );
  if (retry === null) {
    state.lastError = shorten(message);
    return [{ type: 'notice', text: shorten(message) }];
  }
  state.retries += 1;
  const attempt = retry[1] === undefined ? state.retries : Number(retry[1]);
  return [{ type: 'retrying', attempt, delayMs: null, reason: shorten(retry[2] ?? message) }];
}

function turnCompleted(usage: Fields | null, state: CodexMemory): WorkerEvent[] {
  state.closing = { ok: true };
  if (usage !== null) state.spend = ownSpend(usage, state.before);
  return [
    ...openToolEvents(state),
    { type: 'usage', spend: state.spend },
    { type: 'result', ok: true, text: shorten(state.answer) },
  ];
}

/** A failed turn says nothing about what it used. */
function turnFailed(message: string, state: CodexMemory): WorkerEvent[] {
  state.closing = { ok: false, message: shorten(message) };
  return [...openToolEvents(state), { type: 'result', ok: false, text: shorten(message) }];
}

/** Cumulative over the thread, resumed or not; cached input is part of the input, reasoning part of the output. */
function ownSpend(usage: Fields, before: Spend): Spend {
  const own = (name: string, already: number): number => {
    const total = countIn(usage, name);
    return total < already ? total : total - already;
  };
  return {
    usd: null,
    input: own('input_tokens', before.input),
    cached: own('cached_input_tokens', before.cached),
    output: own('output_tokens', before.output),
  };
}

/** A command that outlives its turn never completes and is killed at the end. */
function openToolEvents(state: CodexMemory): WorkerEvent[] {
  const open = state.openTools;
  state.openTools = [];
  return open.map((id) => ({
    type: 'tool.ended',
    id,
    ok: false,
    exitCode: null,
    summary: 'still running when the turn ended',
  }));
}

function isKnown(item: Fields): boolean {
  return ['agent_message', 'reasoning', 'error', 'todo_list'].includes(kindIn(item, 'type'));
}
