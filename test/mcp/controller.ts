import { Client } from '@modelcontextprotocol/client';
import { StdioClientTransport } from '@modelcontextprotocol/client/stdio';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { z } from 'zod';
import { runCommand } from '../../src/platform/process.ts';
import { processesIn } from '../e2e/processes.ts';

export const program = join(import.meta.dirname, '../../dist/mo.mjs');

/** A repository where scripted workers do what `script` says. */
export async function aRepository(script: Record<string, unknown>) {
  const folder = await mkdtemp(join(tmpdir(), 'mo-'));
  onTestFinished(async () => {
    // A test that failed half-way must not leave an owner and its workers behind.
    for (const pid of await processesIn(folder)) process.kill(pid, 'SIGKILL');
    await rm(folder, { recursive: true, force: true, maxRetries: 20, retryDelay: 200 });
  });
  const env = { PATH: process.env['PATH'] ?? '', HOME: folder };
  const git = (...args: string[]) => runCommand('git', args, { cwd: folder, env });
  await git('init', '--quiet', '--initial-branch=main');
  await writeFile(join(folder, 'a.txt'), 'one\n');
  await git('add', '.');
  await git('-c', 'user.name=t', '-c', 'user.email=t@localhost', 'commit', '-qm', 'first');
  const file = join(folder, '.git', 'script.json');
  await writeFile(file, JSON.stringify(script));
  return { folder, git, env: { ...env, MO_SCRIPT: file } };
}

export type Repository = Awaited<ReturnType<typeof aRepository>>;

/** A server in the repository and a client that talks to it. */
export async function connected(
  { folder, env }: Pick<Repository, 'folder' | 'env'>,
  flags: readonly string[] = [],
) {
  const client = new Client({ name: 'test', version: '1' });
  const server = {
    command: process.execPath,
    args: [program, 'serve', ...flags],
    cwd: folder,
    env,
  };
  await client.connect(new StdioClientTransport(server));
  onTestFinished(() => client.close());
  const ask = async (name: string, args: Record<string, unknown>) => {
    const result = await client.callTool({ name, arguments: args }, { timeout: 280_000 });
    const text = result.content.map((block) => (block.type === 'text' ? block.text : '')).join('');
    return { data: loose.parse(result.structuredContent ?? {}), text, isError: result.isError };
  };
  return { client, ask };
}

export async function aController(script: Record<string, unknown>) {
  const repository = await aRepository(script);
  return { ...repository, ...(await connected(repository)) };
}

const loose = z.record(z.string(), z.unknown());
type Controller = Pick<Awaited<ReturnType<typeof connected>>, 'ask'>;

/** Polls the way a controller does until the run is over. */
export async function untilOver({ ask }: Controller, runId: unknown) {
  let since: unknown;
  for (;;) {
    const { data } = await ask('poll', { run_id: runId, wait_s: 20, ...(since ? { since } : {}) });
    if (!['running', 'needs', 'stopping'].includes(String(data['state']))) return data;
    since = data['cursor'];
  }
}
