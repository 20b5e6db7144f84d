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
import { readAnthropic } from './read-anthropic.ts';
import type { DialectRules } from './start-model-server.ts';

/** Anthropic Messages, as Claude Code 2.1.197 and 2.1.329 use it. */
export const anthropicDialect: DialectRules = {
  base: '',
  path: '/v1/messages',
  read: readAnthropic,
  write: (reply, request, to) =>
    isStreaming(request.raw) ? stream(reply, request, to) : writeAtOnce(reply, request, to),
  errorBody: ({ type, message, details }) => ({
    type: 'error',
    error: { ...details, type, message },
  }),
};

type Block =
  | { type: 'text'; text: string }
  | { type: 'thinking'; thinking: string; signature: string }
  | { type: 'tool_use'; id: string; name: string; input: Json };

function isStreaming(raw: Json): boolean {
  return z.object({ stream: z.literal(true) }).safeParse(raw).success;
}

async function stream(reply: ModelReply, request: ModelRequest, to: Connection): Promise<void> {
  const usage = usageOf(reply);
  let index = 0;
  let stop = 'end_turn';
  let isStarted = false;
  const start = (): void => {
    if (isStarted) return;
    isStarted = true;
    to.event('message_start', { type: 'message_start', message: opening(request, usage) });
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
      to.event('error', anthropicDialect.errorBody(step.error));
      return to.end();
    }
    if ('stop' in step) {
      stop = step.stop;
      continue;
    }
    const block = blockOf(step, request, index);
    if (block.type === 'tool_use') stop = 'tool_use';
    writeBlock(block, index, to);
    index += 1;
  }
  start();
  to.event('message_delta', {
    type: 'message_delta',
    delta: { stop_reason: stop, stop_sequence: null },
    usage: { output_tokens: usage.output },
  });
  to.event('message_stop', { type: 'message_stop' });
  to.end();
}

/** Claude Code asks without a stream when one broke. */
async function writeAtOnce(
  reply: ModelReply,
  request: ModelRequest,
  to: Connection,
): Promise<void> {
  const content: Block[] = [];
  let stop = 'end_turn';
  for (const step of reply) {
    if ('usage' in step) continue;
    if ('delayMs' in step) await to.sleep(step.delayMs);
    else if ('hang' in step) return to.gone();
    else if ('error' in step) {
      return to.json(step.error.status, anthropicDialect.errorBody(step.error), {
        ...step.error.headers,
      });
    } else if ('stop' in step) stop = step.stop;
    else content.push(blockOf(step, request, content.length));
  }
  if (content.some((block) => block.type === 'tool_use')) stop = 'tool_use';
  const usage = usageOf(reply);
  to.json(
    200,
    { ...opening(request, usage), content, stop_reason: stop, usage: usageFields(usage) },
    {},
  );
}

function opening(request: ModelRequest, usage: ModelUsage): { [key: string]: Json } {
  return {
    id: `msg_${serial(request)}`,
    type: 'message',
    role: 'assistant',
    model: request.model,
    content: [],
    stop_reason: null,
    stop_sequence: null,
    usage: { ...usageFields(usage), output_tokens: 1 },
  };
}

function usageFields(usage: ModelUsage): { [key: string]: Json } {
  return {
    input_tokens: usage.input - usage.cached,
    cache_creation_input_tokens: 0,
    cache_read_input_tokens: usage.cached,
    output_tokens: usage.output,
  };
}

type Said = Exclude<
  ModelStep,
  | { usage: ModelUsage }
  | { delayMs: number }
  | { hang: true }
  | { error: unknown }
  | { stop: unknown }
>;

function blockOf(step: Said, request: ModelRequest, index: number): Block {
  if ('text' in step) return { type: 'text', text: step.text };
  if ('thinking' in step) {
    return { type: 'thinking', thinking: step.thinking, signature: 'scripted' };
  }
  const call = callOf(step, request);
  if (call === null) {
    return { type: 'text', text: JSON.stringify('structured' in step ? step.structured : step) };
  }
  return { type: 'tool_use', id: `toolu_${serial(request)}_${index}`, ...call };
}

/** null: said as text, because the CLI asked for no schema. */
function callOf(
  step: Exclude<Said, { text: string } | { thinking: string }>,
  request: ModelRequest,
): { name: string; input: Json } | null {
  if ('tool' in step) return step.tool;
  if ('shell' in step) return { name: 'Bash', input: { command: step.shell } };
  if ('write' in step) {
    const path = posix.resolve(request.folder ?? '/', step.write.path);
    return { name: 'Write', input: { file_path: path, content: step.write.text } };
  }
  const isForced = request.tools.includes(structuredTool);
  return isForced ? { name: structuredTool, input: step.structured } : null;
}

const structuredTool = 'StructuredOutput';

/** Ids have to differ within a session, which only grows. */
function serial(request: ModelRequest): string {
  return `${request.prompts.length}_${messageCount(request.raw)}`;
}

function messageCount(raw: Json): number {
  return z.object({ messages: z.array(json) }).safeParse(raw).data?.messages.length ?? 0;
}

function writeBlock(block: Block, index: number, to: Connection): void {
  to.event('content_block_start', {
    type: 'content_block_start',
    index,
    content_block: emptied(block),
  });
  for (const delta of deltasOf(block)) {
    to.event('content_block_delta', { type: 'content_block_delta', index, delta });
  }
  to.event('content_block_stop', { type: 'content_block_stop', index });
}

function emptied(block: Block): Json {
  if (block.type === 'text') return { ...block, text: '' };
  if (block.type === 'thinking') return { ...block, thinking: '', signature: '' };
  return { ...block, input: {} };
}

function deltasOf(block: Block): Json[] {
  if (block.type === 'text') {
    return pieces(block.text).map((text) => ({ type: 'text_delta', text }));
  }
  if (block.type === 'thinking') {
    return [
      ...pieces(block.thinking).map((thinking) => ({ type: 'thinking_delta', thinking })),
      { type: 'signature_delta', signature: block.signature },
    ];
  }
  const text = JSON.stringify(block.input);
  return pieces(text).map((piece) => ({ type: 'input_json_delta', partial_json: piece }));
}

/** In pieces, as a model speaks; never through the middle of a character. */
function pieces(text: string): string[] {
  return text.match(/.{1,400}/gsu) ?? [''];
}
