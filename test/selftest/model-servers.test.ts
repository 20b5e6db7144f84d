import { EventEmitter, once } from 'node:events';
import { request as httpRequest } from 'node:http';
import { afterEach, expect, test } from 'vitest';
import { z } from 'zod';
import type { Json } from '../../src/core/json.ts';
import type { Dialect, ModelScript } from '../../src/selftest/model-servers/model-script.ts';
import {
  type ModelServer,
  startModelServer,
} from '../../src/selftest/model-servers/start-model-server.ts';

const writing: ModelScript = () => [{ write: { path: "a/it's.txt", text: 'x' } }];
const judging: ModelScript = () => [{ structured: { ok: true } }];

let server: ModelServer | null = null;

afterEach(async () => {
  await server?.close();
  server = null;
});

test('Anthropic: an answer arrives as the events of a message, with its usage', async () => {
  const events = await ask('anthropic', () => [
    { thinking: 'Hm.' },
    { text: 'Hello 👋' },
    { usage: { input: 10, cached: 4, output: 3 } },
  ]);
  expect(events.map((event) => event.name)).toEqual([
    'message_start',
    'content_block_start',
    'content_block_delta',
    'content_block_delta',
    'content_block_stop',
    'content_block_start',
    'content_block_delta',
    'content_block_stop',
    'message_delta',
    'message_stop',
  ]);
  expect(events[0]?.data).toMatchObject({
    message: { usage: { input_tokens: 6, cache_read_input_tokens: 4 } },
  });
  expect(events.at(-2)?.data).toMatchObject({
    delta: { stop_reason: 'end_turn' },
    usage: { output_tokens: 3 },
  });
});

test('OpenAI: an answer arrives as the events of a response, with its usage', async () => {
  const events = await ask('openai', () => [
    { text: 'Hello 👋' },
    { usage: { input: 10, cached: 4, output: 3 } },
  ]);
  expect(events.map((event) => event.name)).toEqual([
    'response.created',
    'response.output_item.added',
    'response.output_text.delta',
    'response.output_item.done',
    'response.completed',
  ]);
  expect(events.at(-1)?.data).toMatchObject({
    response: { usage: { input_tokens: 10, output_tokens: 3, total_tokens: 13 } },
  });
});

test('a file to write is said in the tools of the CLI that asks', async () => {
  const toClaude = await ask('anthropic', writing);
  expect(inPieces(toClaude)).toContain('/project/a/it\'s.txt"');
  expect(toClaude.at(-2)?.data).toMatchObject({ delta: { stop_reason: 'tool_use' } });
  await server?.close();
  const toCodex = await ask('openai', writing);
  const done = toCodex.find((event) => event.name === 'response.output_item.done');
  expect(JSON.stringify(done?.data)).toContain(String.raw`mkdir -p -- 'a' && printf '%s' 'x'`);
});

test('an answer for a schema goes through the tool of that shape, or is the text', async () => {
  const forced = await ask('anthropic', judging, {
    tools: [{ name: 'StructuredOutput', input_schema: { type: 'object' } }],
  });
  expect(JSON.stringify(forced)).toContain('"name":"StructuredOutput"');
  expect(server?.requests[0]?.schema).toEqual({ type: 'object' });
  await server?.close();
  const asText = await ask('openai', judging, {
    text: { format: { type: 'json_schema', schema: { type: 'object' } } },
  });
  expect(inPieces(asText)).toBe('{"ok":true}');
  expect(server?.requests[0]?.schema).toEqual({ type: 'object' });
});

test('Anthropic: the script sees what was said and what tools answered since, without reminders', async () => {
  await ask('anthropic', () => [{ text: 'ok' }], {
    messages: [
      {
        role: 'user',
        content: [
          { type: 'text', text: '<system-reminder>\nnoise' },
          { type: 'text', text: 'Do it.' },
        ],
      },
      { role: 'system', content: ' - Primary working directory: /project\n' },
      { role: 'assistant', content: [{ type: 'tool_use', id: 't1', name: 'Bash', input: {} }] },
      {
        role: 'user',
        content: [
          { type: 'tool_result', tool_use_id: 't1', content: 'no', is_error: true },
          { type: 'text', text: '<system-reminder>\nmore noise' },
        ],
      },
    ],
  });
  expect(server?.requests[0]).toMatchObject({
    prompt: 'Do it.',
    prompts: ['Do it.'],
    results: [{ id: 't1', tool: 'Bash', text: 'no', isError: true }],
    folder: '/project',
  });
});

test('OpenAI: the script sees what was said and what tools answered since, without surroundings', async () => {
  await ask('openai', () => [{ text: 'ok' }], {
    input: [
      said('user', '<environment_context>\n<cwd>/project</cwd>'),
      said('user', 'First.'),
      { type: 'function_call', call_id: 'c0', name: 'exec_command', arguments: '{}' },
      { type: 'function_call_output', call_id: 'c0', output: 'old' },
      said('user', 'Do it.'),
      { type: 'function_call', call_id: 'c1', name: 'exec_command', arguments: '{}' },
      {
        type: 'function_call_output',
        call_id: 'c1',
        output: 'Process exited with code 2\nOutput:\nno',
      },
    ],
  });
  expect(server?.requests[0]).toMatchObject({
    prompt: 'Do it.',
    prompts: ['First.', 'Do it.'],
    results: [{ id: 'c1', tool: 'exec_command', isError: true }],
    folder: '/project',
  });
});

test('OpenAI: a tool of an MCP server has one name for scripts and is called in its namespace', async () => {
  const tool = { name: 'mcp__mo__poll', input: { wait_s: 1 } };
  const events = await ask('openai', () => [{ tool }], {
    tools: [{ type: 'namespace', name: 'mcp__mo', tools: [{ type: 'function', name: 'poll' }] }],
  });
  expect(server?.requests[0]?.tools).toEqual(['mcp__mo__poll']);
  const done = events.find((event) => event.name === 'response.output_item.done');
  expect(done?.data).toMatchObject({
    item: { type: 'function_call', namespace: 'mcp__mo', name: 'poll', arguments: '{"wait_s":1}' },
  });
});

test('OpenAI: a tool that a search has found is called in its namespace, and code mode offers its own', async () => {
  const poll = { name: 'mcp__mo__poll', input: {} };
  const input = [
    { type: 'additional_tools', role: 'developer', tools: [functionsOf('exec')] },
    said('user', 'Do it.'),
    { type: 'tool_search_call', call_id: 'c1', execution: 'client', arguments: { query: 'poll' } },
    {
      type: 'tool_search_output',
      call_id: 'c1',
      tools: [{ ...functionsOf('poll'), name: 'mcp__mo' }],
    },
  ];
  const events = await ask('openai', () => [{ tool: poll }], { input });
  expect(server?.requests[0]).toMatchObject({
    tools: ['exec', 'mcp__mo__poll'],
    results: [{ id: 'c1', tool: 'tool_search', text: 'mcp__mo__poll', isError: false }],
  });
  expect(doneIn(events)).toMatchObject({
    type: 'function_call',
    namespace: 'mcp__mo',
    name: 'poll',
  });
});

test('OpenAI: a search for tools is asked for as Codex does it itself', async () => {
  const tool = { name: 'tool_search', input: { query: 'poll' } };
  const events = await ask('openai', () => [{ tool }], { tools: [{ type: 'tool_search' }] });
  expect(doneIn(events)).toMatchObject({
    type: 'tool_search_call',
    execution: 'client',
    arguments: { query: 'poll' },
  });
});

test.each(['anthropic', 'openai'] as const)(
  '%s: an error as the first step is an HTTP error with its headers',
  async (dialect) => {
    const error = {
      status: 429,
      type: 'rate_limit_error',
      message: 'slow down',
      headers: { 'retry-after': '7' },
    };
    await start(dialect, () => [{ error }]);
    const response = await post(dialect, {});
    expect(response.status).toBe(429);
    expect(response.headers.get('retry-after')).toBe('7');
    expect(await response.json()).toMatchObject({
      error: { type: 'rate_limit_error', message: 'slow down' },
    });
  },
);

test.each(['anthropic', 'openai'] as const)(
  '%s: an error after the beginning breaks the stream',
  async (dialect) => {
    const error = { status: 500, type: 'server_error', message: 'oops' };
    const events = await ask(dialect, () => [{ text: 'I beg' }, { error }]);
    expect(JSON.stringify(events.at(-1))).toContain('oops');
  },
);

test('a hang ends when the server closes, and closing leaves nothing open', async () => {
  const model = new EventEmitter();
  const asked = once(model, 'asked');
  const started = await start('openai', () => {
    model.emit('asked');
    return [{ hang: true }];
  });
  const response = post('openai', {}).then(
    () => 'answered',
    () => 'cut off',
  );
  await asked;
  await started.close();
  expect(await response).toBe('cut off');
});

test('a script that throws is told to the test, and the CLI gets an answer that it does not repeat', async () => {
  await start('anthropic', () => {
    throw new Error('no such part');
  });
  expect((await post('anthropic', {})).status).toBe(400);
  expect(server?.failures).toEqual([new Error('no such part')]);
});

test('nobody is answered by another name than the loopback address', async () => {
  const { url, requests } = await start('anthropic', () => [{ text: 'secret' }]);
  const status = await new Promise((resolve, reject) => {
    const options = { method: 'POST', headers: { host: 'evil.example' } };
    httpRequest(`${url}/v1/messages`, options, (response) => resolve(response.statusCode))
      .once('error', reject)
      .end('{}');
  });
  expect(status).toBe(403);
  expect(requests).toEqual([]);
});

test('a WebSocket is answered 426, so that Codex goes on over HTTP', async () => {
  const { url } = await start('openai', () => []);
  const status = await new Promise((resolve, reject) => {
    const headers = { connection: 'Upgrade', upgrade: 'websocket' };
    httpRequest(`${url}/responses`, { headers }, (response) => resolve(response.statusCode))
      .once('error', reject)
      .end();
  });
  expect(status).toBe(426);
});

type ServerEvent = { name: string; data: unknown };

async function start(dialect: Dialect, script: ModelScript): Promise<ModelServer> {
  server = await startModelServer({ dialect, script });
  return server;
}

function post(dialect: Dialect, body: { [key: string]: Json }): Promise<Response> {
  const path = dialect === 'anthropic' ? '/v1/messages' : '/responses';
  const usual = dialect === 'anthropic' ? usualMessages : usualResponses;
  return fetch(`${server?.url}${path}`, {
    method: 'POST',
    body: JSON.stringify({ model: 'm', stream: true, ...usual, ...body }),
  });
}

async function ask(
  dialect: Dialect,
  script: ModelScript,
  body: { [key: string]: Json } = {},
): Promise<ServerEvent[]> {
  await start(dialect, script);
  const text = await (await post(dialect, body)).text();
  return text
    .trim()
    .split('\n\n')
    .map((one) => {
      const [, name = '', data = ''] = /^event: (.+)\ndata: (.+)$/.exec(one) ?? [];
      return { name, data: JSON.parse(data) };
    });
}

/** The pieces of a text or of a tool's input, put together. */
function inPieces(events: readonly ServerEvent[]): string {
  return events.map((event) => piece.safeParse(event.data).data ?? '').join('');
}

const piece = z.union([
  z.object({ delta: z.string() }).transform((one) => one.delta),
  z
    .object({ delta: z.object({ partial_json: z.string() }) })
    .transform((one) => one.delta.partial_json),
]);

const usualMessages = {
  system: [{ type: 'text', text: ' - Primary working directory: /project\n - more' }],
  messages: [{ role: 'user', content: 'Hi' }],
};

function said(role: string, text: string): Json {
  return { type: 'message', role, content: [{ type: 'input_text', text }] };
}

const usualResponses = { input: [said('user', 'Hi')] };

function functionsOf(name: string) {
  return { type: 'namespace', name: 'functions', tools: [{ type: 'function', name }] };
}

const withItem = z.object({ item: z.record(z.string(), z.unknown()) });

function doneIn(events: readonly { name: string; data: unknown }[]): unknown {
  const done = events.find(({ name }) => name === 'response.output_item.done');
  return withItem.parse(done?.data).item;
}
