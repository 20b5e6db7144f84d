import { serveStdio } from '@modelcontextprotocol/server/stdio';
import { Console } from 'node:console';
import { createServer, type ServerDeps } from './server.ts';

/** Serves MCP over stdio until the host closes stdin or asks to end. Resolves when everything is closed. */
export async function serve(deps: Omit<ServerDeps, 'onBug'>): Promise<void> {
  keepStdoutForTheProtocol();
  const handle = serveStdio(() => createServer({ ...deps, onBug: note }), { onerror: note });
  await ended();
  await handle.close();
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

function note(error: unknown): void {
  const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
  process.stderr.write(`mo: ${text}\n`);
}
