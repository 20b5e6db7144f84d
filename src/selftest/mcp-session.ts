import { z } from 'zod';
import { parseJson } from '../core/json.ts';
import { startLineProcess, type LineProcessEnd } from '../platform/line-process.ts';
import { checkFailed, fail, reportIt, type CheckPlace } from './check.ts';
import { moProgram } from './mo-program.ts';

/** The two ways hosts speak: a handshake first (Codex, older Claude Code), or each request for itself (newer Claude Code). */
export type Era = '2025-11-25' | '2026-07-28';

/** A server that was started as a host would, and the host's side of the talk. */
export type McpSession = {
  server: { name: string; version: string };
  instructions: string;
  tools: () => Promise<readonly Tool[]>;
  call: (tool: string, input?: Record<string, unknown>) => Promise<ToolAnswer>;
  /** Hangs up, and throws `check-failed` unless the server goes with exit code 0. */
  close: () => Promise<void>;
};

export type ToolAnswer = { data: Record<string, unknown>; text: string; isError: boolean };

const tool = z.object({
  name: z.string(),
  annotations: z.object({ readOnlyHint: z.boolean().optional() }).optional(),
});
type Tool = z.infer<typeof tool>;

const answer = z.object({
  content: z.array(z.object({ text: z.string().default('') })),
  structuredContent: z.record(z.string(), z.unknown()).default({}),
  isError: z.boolean().default(false),
});
const serverInfo = z.object({ name: z.string(), version: z.string() });
const message = z.object({
  jsonrpc: z.literal('2.0'),
  id: z.number().optional(),
  result: z.unknown(),
  error: z.object({ message: z.string() }).optional(),
});

export async function openSession(
  era: Era,
  place: Pick<CheckPlace, 'env' | 'signal'> & { folder: string },
): Promise<McpSession> {
  const talk = startTalk(place);
  const ask = (method: string, params: object): Promise<unknown> =>
    talk.request(method, era === '2026-07-28' ? { ...params, _meta: envelope } : params);
  const greeting = await (era === '2026-07-28' ? discover(ask) : shakeHands(ask, talk.notify));
  return {
    ...greeting,
    tools: async () =>
      fitting(z.object({ tools: z.array(tool) }), await ask('tools/list', {}), 'tools/list').tools,
    call: async (name, input = {}) => {
      const result = await ask('tools/call', { name, arguments: input });
      const { content, structuredContent, isError } = fitting(answer, result, name);
      return { data: structuredContent, text: content.map(({ text }) => text).join('\n'), isError };
    },
    close: talk.close,
  };
}

const client = { name: 'mo-selftest', version: '1' };

/** What every request of 2026-07-28 carries, because no connection remembers it. */
const envelope = {
  'io.modelcontextprotocol/protocolVersion': '2026-07-28',
  'io.modelcontextprotocol/clientInfo': client,
  'io.modelcontextprotocol/clientCapabilities': {},
};

type Ask = (method: string, params: object) => Promise<unknown>;
type Greeting = Pick<McpSession, 'server' | 'instructions'>;

async function discover(ask: Ask): Promise<Greeting> {
  const shape = z.object({
    supportedVersions: z.array(z.string()),
    instructions: z.string(),
    _meta: z.object({ 'io.modelcontextprotocol/serverInfo': serverInfo }),
  });
  const found = fitting(shape, await ask('server/discover', {}), 'server/discover');
  if (!found.supportedVersions.includes('2026-07-28'))
    fail(`The server speaks ${found.supportedVersions.join(', ')}, not 2026-07-28.`, reportIt);
  return {
    server: found['_meta']['io.modelcontextprotocol/serverInfo'],
    instructions: found.instructions,
  };
}

async function shakeHands(ask: Ask, notify: (method: string) => void): Promise<Greeting> {
  const shape = z.object({ protocolVersion: z.string(), instructions: z.string(), serverInfo });
  const params = { protocolVersion: '2025-11-25', capabilities: {}, clientInfo: client };
  const found = fitting(shape, await ask('initialize', params), 'initialize');
  if (found.protocolVersion !== '2025-11-25')
    fail(`The server answers 2025-11-25 with ${found.protocolVersion}.`, reportIt);
  notify('notifications/initialized');
  return { server: found.serverInfo, instructions: found.instructions };
}

function fitting<T>(shape: z.ZodType<T>, value: unknown, method: string): T {
  const parsed = shape.safeParse(value);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  return fail(
    `The answer to ${method} is not what the protocol says: ${issue?.path.join('.') ?? ''}: ${issue?.message ?? ''}.`,
    reportIt,
  );
}

type Talk = {
  request: (method: string, params: object) => Promise<unknown>;
  notify: (method: string) => void;
  close: () => Promise<void>;
};

type Waiting = { resolve: (result: unknown) => void; reject: (error: unknown) => void };

/** JSON-RPC over the lines of `mo serve`. Rejects what waits when the server goes away or the signal is aborted. */
function startTalk({ env, signal, folder }: Parameters<typeof openSession>[1]): Talk {
  const waiting = new Map<number, Waiting>();
  const rejectAll = (error: unknown): void => {
    for (const one of waiting.values()) one.reject(error);
    waiting.clear();
  };
  let foreign: string | null = null;
  const [node, file] = moProgram();
  const onLine = (line: string): void => {
    const said = message.safeParse(parseJson(line)?.value).data;
    if (said === undefined) foreign ??= line.slice(0, 100);
    const one = said?.id === undefined ? undefined : waiting.get(said.id);
    if (said?.id === undefined || one === undefined) return;
    waiting.delete(said.id);
    if (said.error === undefined) one.resolve(said.result);
    else one.reject(checkFailed(`The server refuses: ${said.error.message}`, reportIt));
  };
  const child = startLineProcess(node, [file, 'serve'], { cwd: folder, env, onLine });
  const onAbort = (): void => child.kill('SIGKILL');
  signal.addEventListener('abort', onAbort, { once: true });
  let gone: unknown = null;
  const onClosed = (end: LineProcessEnd): void => {
    gone = checkFailed(`The server has gone: ${endText(end)}`, reportIt);
    rejectAll(gone);
  };
  void child.closed.then(onClosed);
  const send = (content: object): void =>
    child.send(`${JSON.stringify({ jsonrpc: '2.0', ...content })}\n`);
  let lastId = 0;
  return {
    request: (method, params) =>
      new Promise((resolve, reject) => {
        lastId += 1;
        if (gone !== null) return reject(gone);
        waiting.set(lastId, { resolve, reject });
        send({ id: lastId, method, params });
      }),
    notify: (method) => send({ method }),
    close: async () => {
      child.hangUp();
      const end = await child.closed;
      signal.removeEventListener('abort', onAbort);
      if (end.exitCode !== 0) fail(`The server does not end cleanly: ${endText(end)}`, reportIt);
      if (foreign !== null)
        fail(`The server wrote what is no protocol on stdout: ${foreign}`, reportIt);
    },
  };
}

function endText({ exitCode, signal, startError, stderr }: LineProcessEnd): string {
  const how = startError ?? (signal === null ? `exit code ${exitCode ?? '?'}` : signal);
  const words = stderr.trim().split('\n').at(-1) ?? '';
  return words === '' ? `${how}.` : `${how}; it said: ${words}`;
}
