import { createMcpHandler } from '@modelcontextprotocol/server';
import {
  createServer as createHttpServer,
  type IncomingMessage,
  type ServerResponse,
} from 'node:http';
import { once } from 'node:events';
import { z } from 'zod';
import { MoError } from '../../../src/core/problem.ts';
import { createServer } from '../../../src/mcp/server.ts';
import { operations } from '../../../src/operations/operations.ts';

export type HttpEntry = { url: string; close: () => Promise<void> };

/** The server that hosts start over stdio, over HTTP on loopback: the public conformance suite speaks nothing else. Every call is answered with an error. */
export async function startHttpEntry(onBug: (error: unknown) => void): Promise<HttpEntry> {
  const handler = createMcpHandler(() =>
    createServer({
      operations,
      version: '0.0.0',
      contextOf: async () => {
        throw new MoError({
          code: 'bad-input',
          what: 'This server only shows its tools.',
          fix: '',
        });
      },
      onBug,
    }),
  );
  const server = createHttpServer((incoming, response) => {
    answer(handler.fetch, incoming, response).catch((error: unknown) => {
      onBug(error);
      response.destroy();
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = z.object({ port: z.number() }).parse(server.address());
  return {
    url: `http://127.0.0.1:${port}/mcp`,
    close: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

async function answer(
  fetch: (request: Request) => Promise<Response>,
  incoming: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const chunks: Buffer[] = [];
  for await (const chunk of incoming) chunks.push(z.instanceof(Buffer).parse(chunk));
  const { method = 'GET', url = '/', headers } = incoming;
  const pairs = Object.entries(headers).map(([name, value]) => [name, String(value)] as const);
  const isEmpty = method === 'GET' || method === 'HEAD';
  const gone = new AbortController();
  response.once('close', () => gone.abort());
  const answered = await fetch(
    new Request(`http://${headers.host ?? '127.0.0.1'}${url}`, {
      method,
      headers: pairs.map(([name, value]) => [name, value]),
      signal: gone.signal,
      ...(isEmpty ? {} : { body: Buffer.concat(chunks) }),
    }),
  );
  response.writeHead(answered.status, Object.fromEntries(answered.headers));
  for await (const chunk of answered.body ?? []) response.write(chunk);
  response.end();
}
