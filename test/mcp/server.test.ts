import { Client } from '@modelcontextprotocol/client';
import { InMemoryTransport } from '@modelcontextprotocol/server';
import { expect, onTestFinished, test, vi } from 'vitest';
import { z } from 'zod';
import { MoError } from '../../src/core/problem.ts';
import { createServer } from '../../src/mcp/server.ts';
import { defineOperation, type Operation } from '../../src/operations/operation.ts';
import { bareContext } from './bare-context.ts';

const echo = defineOperation({
  name: 'echo',
  title: 'Echo',
  summary: 'Says it again.',
  kind: 'read',
  toolset: 'core',
  searchHint: 'again',
  input: z.strictObject({
    word: z.string().max(40).describe('What to say'),
    share: z.number().positive().optional(),
    times: z.number().int().min(1).max(50).default(1),
    how: z.enum(['loud', 'quiet']).default('quiet'),
  }),
  output: z.object({ said: z.string() }),
  run: async ({ word, times }) => ({ said: word.repeat(times) }),
  render: ({ said }) => `said ${said}\nsecond line`,
});

const shapes = defineOperation({
  ...meta('shapes'),
  input: z.strictObject({
    scope: z
      .strictObject({ deny: z.number().optional(), allow: z.array(z.string()).optional() })
      .optional(),
    budget: z
      .strictObject({ usd: z.number().positive().optional(), tokens: z.number().optional() })
      .optional(),
    answer: z.strictObject({ request: z.string().optional(), decision: z.string() }).optional(),
    inputs: z.record(z.string(), z.unknown()).optional(),
    timeout_s: z.number().positive().default(900),
    write: z.boolean().default(false),
    gates: z.array(z.string()).optional(),
  }),
  output: z.object({}),
  run: async () => ({}),
  render: () => '',
});

const led = defineOperation({
  ...meta('led'),
  input: z.strictObject({ name: z.string() }),
  output: z.object({ next: z.string() }),
  run: async ({ name }) => ({ next: `${name} {run_id: "r-7"}` }),
  render: ({ next }) => next,
});

const page = defineOperation({
  ...meta('page'),
  input: z.strictObject({}),
  output: z.object({ text: z.string() }),
  run: async () => ({ text: 'a\nb' }),
  render: ({ text }) => text,
  text: ({ text }) => text,
});

const broken = defineOperation({
  ...meta('broken'),
  input: z.strictObject({}),
  output: z.object({}),
  run: async () => {
    throw new MoError({ code: 'run-not-found', runId: 'r-9' });
  },
  render: () => '',
});

const buggy = defineOperation({
  ...meta('buggy'),
  input: z.strictObject({}),
  output: z.object({}),
  run: async () => {
    throw new TypeError('x is not a function');
  },
  render: () => '',
});

const huge = defineOperation({
  ...meta('huge'),
  input: z.strictObject({}),
  output: z.object({ words: z.string() }),
  run: async () => ({ words: 'w'.repeat(40_000) }),
  render: () => 'huge',
});

function meta(name: string) {
  return {
    name,
    title: name,
    summary: name,
    kind: 'read',
    toolset: 'core',
    searchHint: name,
  } as const;
}

async function connected(operations: Operation[] = [echo, page, broken, buggy, huge]) {
  const onBug = vi.fn<(error: unknown) => void>();
  const server = createServer({
    operations,
    version: '1.2.3',
    contextOf: async (call) => bareContext(call),
    onBug,
  });
  const [ours, theirs] = InMemoryTransport.createLinkedPair();
  const client = new Client({ name: 'test', version: '1' });
  await Promise.all([server.connect(ours), client.connect(theirs)]);
  onTestFinished(() => client.close());
  return { client, onBug };
}

test('success is data for the model and one line for people', async () => {
  const { client } = await connected();
  const result = await client.callTool({ name: 'echo', arguments: { word: 'ab', times: 2 } });
  expect(result).toMatchObject({
    structuredContent: { said: 'abab' },
    content: [{ type: 'text', text: 'said abab' }],
  });
  expect(result.isError).not.toBe(true);
});

test('a long text is text alone, and its tool promises no data', async () => {
  const { client } = await connected();
  const result = await client.callTool({ name: 'page', arguments: {} });
  expect(result.content).toEqual([{ type: 'text', text: 'a\nb' }]);
  expect(result.structuredContent).toBeUndefined();
  const { tools } = await client.listTools();
  expect(tools.find(({ name }) => name === 'page')?.outputSchema).toBeUndefined();
});

test('a problem is text alone that names the next step', async () => {
  const { client } = await connected();
  const result = await client.callTool({ name: 'broken', arguments: {} });
  expect(result).toMatchObject({
    isError: true,
    content: [
      {
        text: 'There is no run r-9. poll {} shows the active runs, usage {by: "run"} those there were. (not offered by this server: poll, usage) [run-not-found]',
      },
    ],
  });
  expect(result.structuredContent).toBeUndefined();
});

test.each([
  [{}, '`word`'],
  [{ word: 3 }, '`word`'],
  [{ word: 'x', times: 90 }, '`times` must be 50 or less, not 90.'],
  [{ word: 'x', times: 0 }, '`times` must be 1 or more, not 0.'],
  [{ word: 'x'.repeat(41) }, '`word` must have at most 40 characters, not 41.'],
  [{ word: 'x', share: 0 }, '`share` must be above 0, not 0.'],
  [{ word: 'x', tims: 2 }, 'times'],
  [{ word: 'x', how: 'lout' }, 'Did you mean loud?'],
])('bad arguments %j are answered with what to send instead', async (args, named) => {
  const { client } = await connected();
  const result = await client.callTool({ name: 'echo', arguments: args });
  expect(result.isError).toBe(true);
  const [block] = result.content;
  const text = block?.type === 'text' ? block.text : '';
  expect(text).toContain(named);
  expect(text).toContain('Call echo with {word, share?, times?, how?}.');
});

test.each([
  [{ scope: ['src/**'] }, 'Write {"allow": ["src/**"]}.'],
  [{ scope: 'src/**' }, 'Write {"allow": ["src/**"]}.'],
  [{ budget: 5 }, 'Write {"usd": 5}.'],
  [{ answer: 'yes' }, 'Write {"decision": "yes"}.'],
  [{ inputs: 'goal=g' }, 'Write {"goal": "g"}.'],
  [{ timeout_s: '15m' }, 'Write 900.'],
  [{ write: 'true' }, 'Write true.'],
  [{ gates: 'npm test' }, 'Write ["npm test"].'],
  [{ gates: 'g'.repeat(500) }, 'Give a list.'],
  [{ budget: true }, 'Give a mapping.'],
])('of %j is told what was probably meant', async (args, fix) => {
  const { client } = await connected([shapes]);
  const result = await client.callTool({ name: 'shapes', arguments: args });
  const [block] = result.content;
  expect(block?.type === 'text' ? block.text : '').toContain(fix);
});

test('a next call of a tool that is not offered is marked as such', async () => {
  const { client } = await connected([led]);
  const next = async (name: string) =>
    (await client.callTool({ name: 'led', arguments: { name } })).structuredContent;
  expect(await next('stop')).toEqual({
    next: 'stop {run_id: "r-7"} (not offered by this server: stop)',
  });
  expect(await next('led')).toEqual({ next: 'led {run_id: "r-7"}' });
});

test('a bug of mo is told as one and reported, and the server goes on', async () => {
  const { client, onBug } = await connected();
  const result = await client.callTool({ name: 'buggy', arguments: {} });
  expect(result).toMatchObject({ isError: true });
  expect(onBug).toHaveBeenCalledOnce();
  expect((await client.callTool({ name: 'page' })).isError).not.toBe(true);
});

test('arguments that are no object are answered in words, and none at all are no fields', async () => {
  const { raw } = await spokenTo();
  for (const [given, shown] of [
    [[], 'a list'],
    ['foo', '"foo"'],
    [3, '3'],
  ] as const)
    expect(await raw('page', given)).toMatchObject({
      isError: true,
      content: [{ text: expect.stringContaining(`not ${shown}. Write {`) }],
    });
  expect(await raw('page', null)).toMatchObject({ content: [{ text: 'a\nb' }] });
});

/** Below a client, which lets nothing but objects pass. */
async function spokenTo() {
  const server = createServer({
    operations: [page],
    version: '1.2.3',
    contextOf: async (call) => bareContext(call),
    onBug: () => {},
  });
  const [ours, theirs] = InMemoryTransport.createLinkedPair();
  await server.connect(ours);
  const answers = new Map<unknown, (message: unknown) => void>();
  // oxlint-disable-next-line unicorn/prefer-add-event-listener -- a transport of the SDK has no other.
  theirs.onmessage = (message) => {
    if ('id' in message) answers.get(message.id)?.(message);
  };
  await theirs.start();
  onTestFinished(() => server.close());
  let id = 0;
  const send = (method: string, params: Record<string, unknown>): Promise<unknown> => {
    id += 1;
    const answer = new Promise<unknown>((resolve) => {
      answers.set(id, resolve);
    });
    return theirs.send({ jsonrpc: '2.0', id, method, params }).then(() => answer);
  };
  await send('initialize', {
    protocolVersion: '2025-06-18',
    capabilities: {},
    clientInfo: { name: 'test', version: '1' },
  });
  const answer = z.object({ result: z.unknown().optional(), error: z.unknown().optional() });
  const raw = async (name: string, args: unknown): Promise<unknown> => {
    const { result, error } = answer.parse(await send('tools/call', { name, arguments: args }));
    return result ?? error;
  };
  return { raw };
}

test('an answer beyond the hard cap is never sent', async () => {
  const { client } = await connected();
  const result = await client.callTool({ name: 'huge', arguments: {} });
  expect(result.isError).toBe(true);
  expect(JSON.stringify(result).length).toBeLessThan(1_000);
});

test('an unknown tool is a protocol error that names those there are', async () => {
  const { client } = await connected();
  await expect(client.callTool({ name: 'ecko', arguments: {} })).rejects.toThrow(
    'echo, page, broken, buggy, huge',
  );
});

test('a call that the host cancels is aborted', async () => {
  const running = signalled();
  const ended = signalled();
  const slow = defineOperation({
    ...meta('slow'),
    input: z.strictObject({}),
    output: z.object({}),
    run: async (_input, { signal }) => {
      running.give();
      await new Promise<void>((resolve) => {
        signal.addEventListener('abort', () => resolve());
      });
      ended.give();
      return {};
    },
    render: () => 'slow',
  });
  const { client } = await connected([slow]);
  const cancel = new AbortController();
  const call = client.callTool({ name: 'slow', arguments: {} }, { signal: cancel.signal });
  await running.given;
  cancel.abort();
  await expect(call).rejects.toThrow(/abort/i);
  await expect(ended.given).resolves.toBeUndefined();
});

function signalled(): { given: Promise<void>; give: () => void } {
  const abort = new AbortController();
  const given = new Promise<void>((resolve) => {
    abort.signal.addEventListener('abort', () => resolve());
  });
  return { given, give: () => abort.abort() };
}
