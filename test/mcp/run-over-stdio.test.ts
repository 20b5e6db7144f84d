import { Client } from '@modelcontextprotocol/client';
import { StdioClientTransport } from '@modelcontextprotocol/client/stdio';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { z } from 'zod';
import { runCommand } from '../../src/platform/process.ts';

const program = join(import.meta.dirname, '../../dist/mo.mjs');

/** A repository, a server in it, and scripted workers that do what `script` says. */
async function aController(script: Record<string, unknown>) {
  const folder = await mkdtemp(join(tmpdir(), 'mo-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true, maxRetries: 5 }));
  const env = { PATH: process.env['PATH'] ?? '', HOME: folder };
  const git = (...args: string[]) => runCommand('git', args, { cwd: folder, env });
  await git('init', '--quiet', '--initial-branch=main');
  await writeFile(join(folder, 'a.txt'), 'one\n');
  await git('add', '.');
  await git('-c', 'user.name=t', '-c', 'user.email=t@localhost', 'commit', '-qm', 'first');
  const file = join(folder, '.git', 'script.json');
  await writeFile(file, JSON.stringify(script));
  const client = new Client({ name: 'test', version: '1' });
  await client.connect(
    new StdioClientTransport({
      command: process.execPath,
      args: [program, 'serve'],
      cwd: folder,
      env: { ...env, MO_SCRIPT: file },
    }),
  );
  onTestFinished(() => client.close());
  const ask = async (name: string, args: Record<string, unknown>) => {
    const result = await client.callTool({ name, arguments: args });
    const text = result.content.map((block) => (block.type === 'text' ? block.text : '')).join('');
    return { data: loose.parse(result.structuredContent ?? {}), text, isError: result.isError };
  };
  return { folder, git, ask };
}

const loose = z.record(z.string(), z.unknown());
type Controller = Awaited<ReturnType<typeof aController>>;

/** Polls the way a controller does until the run is over. */
async function untilOver({ ask }: Controller, runId: unknown) {
  let since: unknown;
  for (;;) {
    const { data } = await ask('poll', { run_id: runId, wait_s: 20, ...(since ? { since } : {}) });
    if (!['running', 'needs', 'stopping'].includes(String(data['state']))) return data;
    since = data['cursor'];
  }
}

test('one worker: run, poll, output, and the same client key is the same run', async () => {
  const controller = await aController({
    '*': [
      { do: 'say', text: 'looking' },
      {
        do: 'handoff',
        value: { status: 'pass', summary: 'Sessions live in a.txt.', decisions: [] },
      },
    ],
  });
  const wish = {
    task: 'Explain how sessions are stored',
    role: 'architecture',
    provider: 'scripted',
    client_key: 'k-1',
  };
  const started = await controller.ask('run', wish);
  expect(started.data).toMatchObject({ existed: false, route: { provider: 'scripted' } });
  const runId = started.data['run_id'];
  expect(await untilOver(controller, runId)).toMatchObject({ state: 'succeeded' });
  expect((await controller.ask('output', { run_id: runId })).text).toContain('Sessions live');
  expect((await controller.ask('run', wish)).data).toMatchObject({ existed: true, run_id: runId });
});

test('a worker that hangs is stopped, and its process is proven gone', async () => {
  const controller = await aController({
    '*': [{ do: 'say', text: 'up and waiting' }, { do: 'hang' }],
  });
  const started = await controller.ask('run', { task: 'wait', provider: 'scripted' });
  const runId = started.data['run_id'];
  // A node counts as running before its process is there, and a stop in between finds none: its first word tells.
  let news = await controller.ask('poll', { run_id: runId });
  while (!JSON.stringify(news.data).includes('up and waiting')) {
    news = await controller.ask('poll', { run_id: runId, wait_s: 1, since: news.data['cursor'] });
  }
  const stopped = await controller.ask('stop', { run_id: runId });
  expect(stopped.data).toMatchObject({ done: true, state: 'stopped', processes: [{ gone: true }] });
});

test('a writing worker leaves a verified commit that lands by merge', async () => {
  const controller = await aController({
    '*': [
      { do: 'write', path: 'a.txt', text: 'two\n' },
      {
        do: 'handoff',
        value: { status: 'pass', summary: 'done', changed_files: ['a.txt'], commands: [] },
      },
    ],
  });
  const started = await controller.ask('run', {
    task: 'Change a.txt',
    provider: 'scripted',
    write: true,
    scope: { allow: ['a.txt'] },
    gates: ['test -f a.txt'],
  });
  const runId = started.data['run_id'];
  expect(await untilOver(controller, runId)).toMatchObject({ state: 'succeeded' });
  expect((await controller.ask('output', { run_id: runId, part: 'diff' })).text).toContain('+two');
  expect((await controller.ask('verify', { run_id: runId })).data).toMatchObject({ pass: true });
  const landed = await controller.ask('land', { run_id: runId, how: 'merge', confirm: true });
  expect(landed.data).toMatchObject({ landed: true, target: 'main', refused: null });
  expect((await controller.git('show', 'main:a.txt')).stdout).toBe('two\n');
});
