import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { type Json, parseJson } from '../../core/json.ts';
import { type Clock, systemClock } from '../../platform/clock.ts';
import { anthropicDialect } from './anthropic.ts';
import type { Dialect, ModelError, ModelReply, ModelRequest, ModelScript } from './model-script.ts';
import { openaiDialect } from './openai.ts';
import { connection, type Connection } from './connection.ts';

export type ModelServer = {
  /** What goes into `ANTHROPIC_BASE_URL`, or into `base_url` of a Codex provider. */
  url: string;
  /** In the order they came; retries included. */
  requests: readonly ModelRequest[];
  /** What the script threw; the CLI was answered 400. */
  failures: readonly unknown[];
  close: () => Promise<void>;
};

/** One way to talk to models over HTTP. */
export type DialectRules = {
  /** Below the server's address. */
  base: string;
  path: string;
  /** null: not a request of this dialect. */
  read: (body: Json) => ModelRequest | null;
  write: (reply: ModelReply, request: ModelRequest, to: Connection) => Promise<void>;
  errorBody: (error: ModelError) => Json;
};

/** A model that follows a script, on 127.0.0.1 and for this machine only. */
export async function startModelServer(options: {
  dialect: Dialect;
  script: ModelScript;
  clock?: Clock;
}): Promise<ModelServer> {
  const rules = options.dialect === 'anthropic' ? anthropicDialect : openaiDialect;
  const requests: ModelRequest[] = [];
  const failures: unknown[] = [];
  const closing = new AbortController();
  const ask = async (request: ModelRequest): Promise<ModelReply> => {
    requests.push(request);
    try {
      return await options.script(request);
    } catch (cause) {
      failures.push(cause);
      const message = `the model script failed: ${cause instanceof Error ? cause.message : String(cause)}`;
      return [{ error: { status: 400, type: 'invalid_request_error', message } }];
    }
  };
  const clock = options.clock ?? systemClock;
  const server = createServer((incoming, response) => {
    const to = connection({ response, clock, closing: closing.signal });
    answer(incoming, response, { rules, ask, to }).catch((cause: unknown) => {
      failures.push(cause);
      response.destroy();
    });
  });
  // Codex tries a WebSocket first; 426 sends it to HTTPS at once, anything else costs it six seconds (0.169.0, recorded).
  server.on('upgrade', (_request, socket) => {
    socket.end('HTTP/1.1 426 Upgrade Required\r\nconnection: close\r\ncontent-length: 0\r\n\r\n');
  });
  return {
    url: `http://127.0.0.1:${await listen(server)}${rules.base}`,
    requests,
    failures,
    close: async () => {
      closing.abort();
      await new Promise<void>((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      });
    },
  };
}

const maxBodyBytes = 64 * 1024 * 1024;

function listen(server: Server): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      if (address === null || typeof address === 'string') reject(new Error('no port'));
      else resolve(address.port);
    });
  });
}

async function answer(
  incoming: IncomingMessage,
  response: ServerResponse,
  parts: {
    rules: DialectRules;
    ask: (request: ModelRequest) => Promise<ModelReply>;
    to: Connection;
  },
): Promise<void> {
  const { rules, ask, to } = parts;
  const path = new URL(incoming.url ?? '/', 'http://127.0.0.1').pathname;
  const refuse = (status: number, type: string, message: string): void => {
    to.json(status, rules.errorBody({ status, type, message }), {});
  };
  // A page in a browser must not reach a model server by a name that points here.
  if (!/^(?:127\.0\.0\.1|localhost)(?::\d+)?$/.test(incoming.headers.host ?? '')) {
    return refuse(403, 'permission_error', 'only by the loopback address');
  }
  if (incoming.method === 'HEAD') return void response.writeHead(200).end();
  if (incoming.method === 'POST' && path === '/v1/messages/count_tokens') {
    return to.json(200, { input_tokens: 1000 }, {});
  }
  if (incoming.method !== 'POST' || path !== rules.path) {
    return refuse(404, 'not_found_error', `nothing at ${incoming.method} ${path}`);
  }
  const body = await readBody(incoming);
  const request = body === null ? null : rules.read(body);
  if (request === null) return refuse(400, 'invalid_request_error', 'not a model request');
  const reply = await ask(request);
  const first = reply[0];
  if (first !== undefined && 'error' in first) {
    return to.json(first.error.status, rules.errorBody(first.error), first.error.headers ?? {});
  }
  await rules.write(reply, request, to);
}

/** null: not JSON, or more than a model would take. */
async function readBody(incoming: IncomingMessage): Promise<Json | null> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of incoming) {
    const part = Buffer.from(chunk);
    bytes += part.length;
    if (bytes > maxBodyBytes) return null;
    chunks.push(part);
  }
  return parseJson(Buffer.concat(chunks).toString('utf8'))?.value ?? null;
}
