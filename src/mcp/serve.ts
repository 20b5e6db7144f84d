import { serveStdio } from '@modelcontextprotocol/server/stdio';
import { Console } from 'node:console';
import { systemClock } from '../platform/clock.ts';
import { createServer, type ServerDeps } from './server.ts';

/** Serves MCP over stdio until the host closes stdin or asks to end. Resolves when everything is closed. */
export async function serve(deps: Omit<ServerDeps, 'onBug'>): Promise<void> {
  keepStdoutForTheProtocol();
  // A thousand calls at once are a thousand answers that wait for the same pipe.
  process.stdout.setMaxListeners(0);
  const handle = serveStdio(() => createServer({ ...deps, onBug: note }), { onerror: noteLine });
  await ended();
  await handle.close();
  await giveUpOnWhoDoesNotRead();
}

const patienceMs = 2_000;

/** Answers that nobody takes any more would keep the process for ever: Node waits until a pipe has been read. */
async function giveUpOnWhoDoesNotRead(): Promise<void> {
  const taken = new AbortController();
  process.stdout.write('', () => taken.abort());
  await systemClock.sleep(patienceMs, taken.signal);
  if (!taken.signal.aborted) process.exit();
}

/** Claude Code ends a server with SIGINT, Codex with SIGTERM and the end of stdin. Runs go on: their owners are processes of their own. */
async function ended(): Promise<void> {
  await new Promise<void>((resolve) => {
    process.stdin.once('end', resolve);
    process.stdin.once('close', resolve);
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, resolve);
  });
}

/** A library that prints to stdout would break the protocol; its words go to stderr. */
function keepStdoutForTheProtocol(): void {
  globalThis.console = new Console(process.stderr, process.stderr);
}

/** What a host sent wrong is told in a line; its log is no place for our stack. */
function noteLine(error: unknown): void {
  const text = error instanceof Error ? error.message : String(error);
  process.stderr.write(`mo: ${text.replaceAll(/\s+/g, ' ').slice(0, 300)}\n`);
}

/** A mistake in mo, with where it was made. */
function note(error: unknown): void {
  const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
  process.stderr.write(`mo: ${text}\n`);
}
