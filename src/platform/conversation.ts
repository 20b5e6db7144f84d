import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { json, parseJson, type Json } from '../core/json.ts';
import { z } from 'zod';
import type { Environment } from './environment.ts';
import { errnoOf } from './files.ts';

export type Conversation = {
  /** The answer to one request. Rejects with a `ConversationError` when there is none in time, or it is an error. */
  ask: (method: string, params: Json) => Promise<Json>;
  tell: (method: string) => void;
  /** Ends the process and waits until it has. */
  end: () => Promise<void>;
};

/** `code`: that of the answer, or null when the process gave none: it could not be started, ended, or took too long. */
export class ConversationError extends Error {
  readonly code: number | null;

  constructor(message: string, code: number | null) {
    super(message);
    this.name = 'ConversationError';
    this.code = code;
  }
}

const message = z.object({
  id: z.number().optional(),
  method: z.string().optional(),
  result: json.optional(),
  error: z.object({ code: z.number(), message: z.string() }).optional(),
});
type Message = z.infer<typeof message>;

/** A child process that answers JSON-RPC, one message a line. It does not outlive this process. */
export function startConversation(
  file: string,
  args: readonly string[],
  options: { cwd: string; env: Environment; timeoutMs: number },
): Conversation {
  const child = spawn(file, args, {
    cwd: options.cwd,
    env: options.env,
    stdio: ['pipe', 'pipe', 'ignore'],
  });
  const waiting = new Map<number, (answer: Message | ConversationError) => void>();
  let over: ConversationError | null = null;
  const give = (why: string): void => {
    over ??= new ConversationError(why, null);
    for (const answered of waiting.values()) answered(over);
    waiting.clear();
  };
  const timer = setTimeout(() => {
    give(`no answer within ${options.timeoutMs / 1000} s`);
    child.kill('SIGKILL');
  }, options.timeoutMs);
  const closed = new Promise<void>((resolve) => {
    child.once('error', (cause) => {
      give(`it cannot be started (${errnoOf(cause) ?? cause.message})`);
      if (child.pid === undefined) resolve();
    });
    child.once('close', (exitCode, signal) => {
      give(`it ended early (${signal ?? `exit code ${exitCode ?? 'none'}`})`);
      resolve();
    });
  });
  // A process that ends without reading is told of by `close`.
  child.stdin.on('error', () => {});
  createInterface({ input: child.stdout }).on('line', (line) => {
    const heard = message.safeParse(parseJson(line)?.value);
    if (!heard.success) return;
    const { id, method } = heard.data;
    // With a method it asks or tells something of its own.
    if (method === undefined && id !== undefined) waiting.get(id)?.(heard.data);
  });
  const endWithUs = (): void => void child.kill('SIGKILL');
  process.once('exit', endWithUs);
  let last = 0;
  const send = (line: object): void => void child.stdin.write(`${JSON.stringify(line)}\n`);
  return {
    ask: async (method, params) => {
      const id = (last += 1);
      const answer = await new Promise<Message | ConversationError>((resolve) => {
        if (over !== null) return resolve(over);
        waiting.set(id, resolve);
        send({ jsonrpc: '2.0', id, method, params });
      });
      waiting.delete(id);
      if (answer instanceof ConversationError) throw answer;
      if (answer.error !== undefined) {
        throw new ConversationError(answer.error.message, answer.error.code);
      }
      return answer.result ?? null;
    },
    tell: (method) => send({ jsonrpc: '2.0', method }),
    end: async () => {
      child.stdin.end();
      await closed;
      clearTimeout(timer);
      process.off('exit', endWithUs);
    },
  };
}
