import { isDestructive } from './destructive.ts';
import { noSpend } from './spend.ts';
import type { AttemptSummary, WorkerEvent } from './worker.ts';

const repeatsUntilFlag = 5;
const actionLength = 240;
/** A stream that starts tools and never ends them must not grow the summary without bound. */
const toolsRemembered = 200;

/** What `poll` shows of an attempt nothing is known of yet. */
export function emptySummary(): AttemptSummary {
  return {
    events: 0,
    model: null,
    session: null,
    spend: noSpend,
    lastAction: null,
    lastEventAt: null,
    runningTools: {},
    toolCalls: 0,
    failedToolCalls: 0,
    denied: 0,
    retries: 0,
    quota: null,
    repeated: null,
    flags: [],
  };
}

/**
 * Takes one event into the summary; `at` is ms since 1970. Changes the summary it is given and returns it: copying it per event
 * would cost more than everything else a flooding worker makes us do. Keep your own with `structuredClone`.
 * Sets every flag but `stalled` and `verbose`, which the watch over the worker knows.
 */
export function foldSummary(
  summary: AttemptSummary,
  event: WorkerEvent,
  at: number,
): AttemptSummary {
  summary.events += 1;
  summary.lastEventAt = at;
  switch (event.type) {
    case 'session':
      summary.session = event.session;
      if (event.model !== null) summary.model = event.model;
      break;
    case 'text':
      summary.lastAction = line(event.text);
      break;
    case 'tool.started':
      startTool(summary, event, at);
      break;
    case 'tool.ended':
      if (!event.ok) summary.failedToolCalls += 1;
      delete summary.runningTools[event.id];
      break;
    case 'usage':
      summary.spend = event.spend;
      break;
    case 'retrying':
      summary.retries += 1;
      break;
    case 'quota':
      summary.quota = { status: event.status, used: event.used, resetsAt: event.resetsAt };
      if (event.status !== 'ok') flag(summary, 'quota');
      break;
    case 'denied':
      summary.denied += 1;
      flag(summary, 'denied');
      break;
    case 'compacted':
      flag(summary, 'compacted');
      break;
    case 'thinking':
    case 'result':
    case 'notice':
    case 'unknown':
      break;
  }
  return summary;
}

function startTool(
  summary: AttemptSummary,
  event: Extract<WorkerEvent, { type: 'tool.started' }>,
  at: number,
): void {
  const action = line(`${event.tool}: ${event.summary}`);
  summary.toolCalls += 1;
  summary.lastAction = action;
  remember(summary.runningTools, event.id, at);
  if (summary.repeated?.action === action) summary.repeated.times += 1;
  else summary.repeated = { action, times: 1 };
  if (summary.repeated.times >= repeatsUntilFlag) flag(summary, 'repeats');
  if (event.kind === 'shell' && isDestructive(event.summary)) flag(summary, 'destructive');
}

function remember(running: Record<string, number>, id: string, at: number): void {
  running[id] = at;
  const ids = Object.keys(running);
  if (ids.length > toolsRemembered && ids[0] !== undefined) delete running[ids[0]];
}

function flag(summary: AttemptSummary, name: string): void {
  if (!summary.flags.includes(name)) summary.flags.push(name);
}

function line(text: string): string {
  const head = text.length > actionLength * 4 ? text.slice(0, actionLength * 4) : text;
  return head.replace(/\s+/g, ' ').trim().slice(0, actionLength);
}
