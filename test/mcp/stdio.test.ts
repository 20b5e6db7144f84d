import { Client } from '@modelcontextprotocol/client';
import { StdioClientTransport } from '@modelcontextprotocol/client/stdio';
import { Client as OldClient } from '@modelcontextprotocol/sdk/client/index.js';
import { StdioClientTransport as OldTransport } from '@modelcontextprotocol/sdk/client/stdio.js';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { operations } from '../../src/operations/operations.ts';

const program = join(import.meta.dirname, '../../dist/mo.mjs');

async function aFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'mo-'));
  onTestFinished(() =>
    rm(folder, { recursive: true, force: true, maxRetries: 20, retryDelay: 200 }),
  );
  return folder;
}

/** The environment that Codex gives its servers: hardly any. */
function bareEnv(more: Record<string, string> = {}): Record<string, string> {
  return { PATH: process.env['PATH'] ?? '', HOME: tmpdir(), ...more };
}

async function newClient(args: string[] = [], env = bareEnv()) {
  const folder = await aFolder();
  const transport = new StdioClientTransport({
    command: process.execPath,
    args: [program, 'serve', ...args],
    cwd: folder,
    env,
    stderr: 'pipe',
  });
  const client = new Client(
    { name: 'test', version: '1' },
    { versionNegotiation: { mode: 'auto' } },
  );
  await client.connect(transport);
  onTestFinished(() => client.close());
  return { client, folder };
}

async function oldClient() {
  const folder = await aFolder();
  const client = new OldClient({ name: 'test', version: '1' });
  await client.connect(
    new OldTransport({
      command: process.execPath,
      args: [program, 'serve'],
      cwd: folder,
      env: bareEnv(),
    }),
  );
  onTestFinished(() => client.close());
  return { client, folder };
}

const names = operations.map(({ name }) => name);

test('a client of the newest revision and one of the old see the same tools', async () => {
  const { client: modern } = await newClient();
  const { client: old } = await oldClient();
  const seen = (await modern.listTools()).tools;
  expect(seen.map(({ name }) => name)).toEqual(names);
  expect((await old.listTools()).tools.map(({ name }) => name)).toEqual(names);
  expect(modern.getNegotiatedProtocolVersion()).toBe('2026-07-28');
});

test('both get the instructions', async () => {
  const { client: modern } = await newClient();
  const { client: old } = await oldClient();
  expect(modern.getInstructions()).toContain('coding agents');
  expect(old.getInstructions()).toBe(modern.getInstructions());
});

test('a look at a project that mo never wrote to leaves it untouched', async () => {
  const { client, folder } = await newClient();
  const result = await client.callTool({ name: 'poll', arguments: {} });
  expect(result.structuredContent).toMatchObject({ state: 'idle', changed: false });
  expect(await readdir(folder)).toEqual([]);
});

test('health answers in both eras and names what is missing with a fix', async () => {
  const { client: modern } = await newClient();
  const { client: old, folder } = await oldClient();
  const result = await old.callTool({ name: 'health', arguments: {} });
  expect(result).toMatchObject({
    structuredContent: { project: folder, repository: false, node: process.versions.node },
  });
  const again = await modern.callTool({ name: 'health', arguments: {} });
  expect(again.structuredContent).toHaveProperty('problems.0.fix');
});

test('a project folder that the host names wins over the folder of the server', async () => {
  const project = await aFolder();
  const { client } = await newClient([], bareEnv({ CLAUDE_PROJECT_DIR: project }));
  const { structuredContent } = await client.callTool({ name: 'health', arguments: {} });
  expect(structuredContent).toMatchObject({ project });
});

test('an error reaches the old client as text alone, with what to send', async () => {
  const { client } = await oldClient();
  const result = await client.callTool({ name: 'stop', arguments: { run: 'r-1' } });
  expect(result['isError']).toBe(true);
  expect(result['structuredContent']).toBeUndefined();
  expect(JSON.stringify(result['content'])).toContain('run_id');
});

test('a read-only server offers nothing that starts, stops or lands', async () => {
  const { client } = await newClient(['--read-only', '--exclude', 'route']);
  const { tools } = await client.listTools();
  expect(tools.map(({ name }) => name)).toEqual(
    operations
      .filter(({ name, kind }) => kind === 'read' && name !== 'route')
      .map(({ name }) => name),
  );
});

test.each(['SIGINT', 'SIGTERM', 'the end of stdin'])(
  '%s ends the server cleanly, and stdout carried nothing but protocol',
  async (how) => {
    const folder = await aFolder();
    const child = spawn(process.execPath, [program, 'serve'], { cwd: folder, env: bareEnv() });
    let out = '';
    child.stdout.on('data', (chunk: Buffer) => (out += chunk.toString()));
    child.stdin.write(
      `${JSON.stringify({
        jsonrpc: '2.0',
        id: 1,
        method: 'initialize',
        params: {
          protocolVersion: '2025-06-18',
          capabilities: {},
          clientInfo: { name: 'test', version: '1' },
        },
      })}\n`,
    );
    await once(child.stdout, 'data');
    if (how === 'the end of stdin') child.stdin.end();
    else child.kill(how === 'SIGINT' ? 'SIGINT' : 'SIGTERM');
    const [code] = await once(child, 'exit');
    expect(code).toBe(0);
    for (const line of out.trim().split('\n')) {
      expect(JSON.parse(line)).toMatchObject({ jsonrpc: '2.0' });
    }
  },
);

test('a call that still waits when the host goes away does not keep the server', async () => {
  const folder = await aFolder();
  const child = spawn(process.execPath, [program, 'serve'], { cwd: folder, env: bareEnv() });
  const send = (message: object): void =>
    void child.stdin.write(`${JSON.stringify({ jsonrpc: '2.0', ...message })}\n`);
  send({
    id: 1,
    method: 'initialize',
    params: {
      protocolVersion: '2025-06-18',
      capabilities: {},
      clientInfo: { name: 'test', version: '1' },
    },
  });
  await once(child.stdout, 'data');
  send({ id: 2, method: 'tools/call', params: { name: 'health', arguments: {} } });
  child.stdin.end();
  const [code] = await once(child, 'exit');
  expect(code).toBe(0);
});
