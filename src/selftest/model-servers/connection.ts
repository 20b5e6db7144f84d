import type { ServerResponse } from 'node:http';
import type { Json } from '../../core/json.ts';
import type { Clock } from '../../platform/clock.ts';

/** The way back to the CLI. Headers go out with the first event, so that a hang before it looks like a server that does not answer. */
export type Connection = {
  json: (status: number, body: Json, headers: Readonly<Record<string, string>>) => void;
  /** One server-sent event. */
  event: (name: string, data: Json) => void;
  end: () => void;
  sleep: (ms: number) => Promise<void>;
  /** Resolves when the CLI has hung up or the server closes. */
  gone: () => Promise<void>;
  isGone: () => boolean;
};

export function connection(parts: {
  response: ServerResponse;
  clock: Clock;
  closing: AbortSignal;
}): Connection {
  const { response, clock, closing } = parts;
  const left = new AbortController();
  response.once('close', () => left.abort());
  const over = AbortSignal.any([left.signal, closing]);
  return {
    json: (status, body, headers) => {
      response.writeHead(status, { 'content-type': 'application/json', ...headers });
      response.end(JSON.stringify(body));
    },
    event: (name, data) => {
      if (over.aborted) return;
      if (!response.headersSent) {
        response.writeHead(200, {
          'content-type': 'text/event-stream',
          'cache-control': 'no-store',
        });
      }
      response.write(`event: ${name}\ndata: ${JSON.stringify(data)}\n\n`);
    },
    end: () => void response.end(),
    sleep: (ms) => clock.sleep(ms, over),
    gone: () =>
      over.aborted
        ? Promise.resolve()
        : new Promise((resolve) => over.addEventListener('abort', () => resolve(), { once: true })),
    isGone: () => over.aborted,
  };
}
