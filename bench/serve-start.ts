import { build } from 'esbuild';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { figure, median, type Figure } from './figure.ts';

const starts = 10;
const mo = join(import.meta.dirname, '../dist/mo.mjs');

/** From `spawn` to the answer to `tools/list`, as a host waits for it; both servers in turn, so that they meet the same machine. */
export async function measureServeStart(): Promise<Figure[]> {
  const folder = await mkdtemp(join(tmpdir(), 'mo-bench-'));
  try {
    const bare = join(folder, 'bare.mjs');
    await bundleBareServer(bare);
    return [
      ...(await compare('initialize', { bare, folder, messages: handshake })),
      ...(await compare('2026-07-28', { bare, folder, messages: [listTools(modern)] })),
    ];
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function compare(
  era: string,
  { bare, folder, messages }: { bare: string; folder: string; messages: readonly object[] },
): Promise<Figure[]> {
  const own: number[] = [];
  const bares: number[] = [];
  // The first two of each only warm the file cache.
  for (let round = -2; round < starts; round += 1) {
    const times = [
      await startMs([mo, 'serve'], folder, messages),
      await startMs([bare], folder, messages),
    ];
    if (round < 0) continue;
    own.push(times[0] ?? Number.NaN);
    bares.push(times[1] ?? Number.NaN);
  }
  const ratio = median(own) / median(bares);
  return [
    figure(`mo serve to tools/list (${era}), median of ${starts}`, median(own), null, ' ms'),
    figure(`a bare one-tool server (${era}), median of ${starts}`, median(bares), null, ' ms'),
    figure(`mo serve against the bare server (${era})`, ratio, { most: 1.5 }, ' x'),
  ];
}

/** Bundled the way mo is. */
async function bundleBareServer(outfile: string): Promise<void> {
  await build({
    entryPoints: [new URL('./bare-server.ts', import.meta.url).pathname],
    outfile,
    bundle: true,
    format: 'esm',
    platform: 'node',
    target: 'node20',
    minifySyntax: true,
    logLevel: 'warning',
  });
}

async function startMs(
  args: readonly string[],
  cwd: string,
  messages: readonly object[],
): Promise<number> {
  const from = performance.now();
  const server = spawn(process.execPath, args, { cwd, stdio: ['pipe', 'pipe', 'inherit'] });
  const closed = once(server, 'close');
  for (const message of messages) server.stdin.write(`${JSON.stringify(message)}\n`);
  try {
    for await (const line of createInterface({ input: server.stdout })) {
      if (line.includes('"tools":[')) return performance.now() - from;
      if (line.includes('"error"')) throw new Error(line);
    }
    throw new Error(`${args.join(' ')} ended without listing its tools`);
  } finally {
    server.stdin.end();
    server.kill();
    await closed;
  }
}

const modern = {
  _meta: {
    'io.modelcontextprotocol/protocolVersion': '2026-07-28',
    'io.modelcontextprotocol/clientInfo': { name: 'bench', version: '1' },
    'io.modelcontextprotocol/clientCapabilities': {},
  },
};

function listTools(params: object): object {
  return { jsonrpc: '2.0', id: 1, method: 'tools/list', params };
}

const handshake = [
  {
    jsonrpc: '2.0',
    id: 0,
    method: 'initialize',
    params: {
      protocolVersion: '2025-06-18',
      capabilities: {},
      clientInfo: { name: 'bench', version: '1' },
    },
  },
  { jsonrpc: '2.0', method: 'notifications/initialized' },
  listTools({}),
];
