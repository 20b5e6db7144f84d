import { posix } from 'node:path';
import { z } from 'zod';
import { json, type Json } from '../../core/json.ts';
import type { Connection } from './connection.ts';
import {
  type ModelReply,
  type ModelRequest,
  type ModelStep,
  type ModelUsage,
  usageOf,
} from './model-script.ts';
import { namespaceOf, readOpenai, toolSearch } from './read-openai.ts';
import type { DialectRules } from './start-model-server.ts';

/** OpenAI Responses, as Codex 0.169.0 uses it. */
export const openaiDialect: DialectRules = {
  base: '/v1',
  path: '/v1/responses',
  read: readOpenai,
  write: stream,
  errorBody: ({ type, message, details }) => ({ error: { code: type, ...details, type, message } }),
};

async function stream(reply: ModelReply, request: ModelRequest, to: Connection): Promise<void> {
  const id = `resp_${serial(request)}`;
  let index = 0;
  let stop: Extract<ModelStep, { stop: unknown }>['stop'] = 'end_turn';
  let isStarted = false;
  const start = (): void => {
    if (isStarted) return;
    isStarted = true;
    to.event('response.created', { type: 'response.created', response: { id } });
  };
  for (const step of reply) {
    if (to.isGone()) return;
    if ('usage' in step) continue;
    if ('delayMs' in step) {
      await to.sleep(step.delayMs);
      continue;
    }
    if ('hang' in step) {
      await to.gone();
      return;
    }
    start();
    if ('error' in step) {
      const { type: code, message } = step.error;
      const response = { id, status: 'failed', error: { ...step.error.details, code, message } };
      to.event('response.failed', { type: 'response.failed', response });
      return to.end();
    }
    if ('stop' in step) {
      stop = step.stop;
      continue;
    }
    writeItem(itemOf(step, request, index), index, to);
    index += 1;
  }
  start();
  if (stop === 'refusal') writeItem(refusal(request, index), index, to);
  writeEnd({ id, usage: usageOf(reply), stop }, to);
  to.end();
}

type Said = Exclude<
  ModelStep,
  | { usage: ModelUsage }
  | { delayMs: number }
  | { hang: true }
  | { error: unknown }
  | { stop: unknown }
>;

type Item = { [key: string]: Json } & { id: string; type: string };

function itemOf(step: Said, request: ModelRequest, index: number): Item {
  const serialNumber = `${serial(request)}_${index}`;
  if ('thinking' in step) {
    const summary = [{ type: 'summary_text', text: step.thinking }];
    return { id: `rs_${serialNumber}`, type: 'reasoning', summary };
  }
  if ('text' in step || 'structured' in step) {
    const text = 'text' in step ? step.text : JSON.stringify(step.structured);
    return messageItem(`msg_${serialNumber}`, { type: 'output_text', text, annotations: [] });
  }
  const call = { id: `call_item_${serialNumber}`, call_id: `call_${serialNumber}` };
  if ('tool' in step && typeof step.tool.input === 'string') {
    return { ...call, type: 'custom_tool_call', name: step.tool.name, input: step.tool.input };
  }
  const { name, input } = 'tool' in step ? step.tool : shellCall(step);
  // What Codex holds back until it is searched for, it looks up itself.
  if (name === toolSearch) {
    return { ...call, type: 'tool_search_call', execution: 'client', arguments: input };
  }
  const place = namespaceOf(name, request.raw) ?? { name };
  return { ...call, type: 'function_call', ...place, arguments: JSON.stringify(input) };
}

/** The classic tools, which Codex offers to every model its catalogue does not know: there a file is written by the shell. */
function shellCall(step: Extract<Said, { shell: string } | { write: unknown }>): {
  name: string;
  input: Json;
} {
  const command = 'shell' in step ? step.shell : writeCommand(step.write);
  return { name: 'exec_command', input: { cmd: command, login: false, yield_time_ms: 30_000 } };
}

function writeCommand({ path, text }: { path: string; text: string }): string {
  const folder = posix.dirname(path);
  return `mkdir -p -- ${quoted(folder)} && printf '%s' ${quoted(text)} > ${quoted(path)}`;
}

function quoted(value: string): string {
  return `'${value.replaceAll("'", "'\\''")}'`;
}

function refusal(request: ModelRequest, index: number): Item {
  const part = { type: 'refusal', refusal: 'I cannot help with that.' };
  return messageItem(`msg_${serial(request)}_${index}`, part);
}

function messageItem(id: string, part: Json): Item {
  return { id, type: 'message', role: 'assistant', status: 'completed', content: [part] };
}

function writeItem(item: Item, index: number, to: Connection): void {
  const at = { output_index: index, item_id: item.id };
  to.event('response.output_item.added', {
    type: 'response.output_item.added',
    output_index: index,
    item: { ...item, ...(item.type === 'message' ? { content: [] } : {}) },
  });
  if (item.type === 'message') {
    const text = z.object({ content: z.tuple([z.object({ text: z.string() })]) }).safeParse(item)
      .data?.content[0].text;
    for (const delta of text?.match(/.{1,400}/gsu) ?? []) {
      to.event('response.output_text.delta', {
        type: 'response.output_text.delta',
        ...at,
        content_index: 0,
        delta,
      });
    }
  }
  to.event('response.output_item.done', {
    type: 'response.output_item.done',
    output_index: index,
    item,
  });
}

function writeEnd(
  reply: { id: string; usage: ModelUsage; stop: 'end_turn' | 'refusal' | 'max_tokens' },
  to: Connection,
): void {
  const usage = {
    input_tokens: reply.usage.input,
    input_tokens_details: { cached_tokens: reply.usage.cached },
    output_tokens: reply.usage.output,
    output_tokens_details: { reasoning_tokens: 0 },
    total_tokens: reply.usage.input + reply.usage.output,
  };
  if (reply.stop === 'max_tokens') {
    to.event('response.incomplete', {
      type: 'response.incomplete',
      response: {
        id: reply.id,
        status: 'incomplete',
        incomplete_details: { reason: 'max_output_tokens' },
        usage,
      },
    });
    return;
  }
  to.event('response.completed', {
    type: 'response.completed',
    response: { id: reply.id, status: 'completed', usage },
  });
}

/** Ids have to differ within a thread, which only grows. */
function serial(request: ModelRequest): string {
  const input = z.object({ input: z.array(json) }).safeParse(request.raw).data?.input ?? [];
  return `${request.prompts.length}_${input.length}`;
}
