import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import Sqlite from 'better-sqlite3';
import { expect, onTestFinished, test } from 'vitest';
import { z } from 'zod';
import { knownSchema } from '../../src/store/migrations.ts';
import { aController, aRepository, connected, program, untilOver } from './controller.ts';
import type { Repository } from './controller.ts';

const task = { task: 'Wait, then say so.', provider: 'scripted', client_key: 'k-1' };
const done = { do: 'handoff', value: { status: 'pass', summary: 'waited', decisions: [] } };

/** A worker that goes on when somebody makes the file `go`. */
const waits = {
  '*': [{ do: 'shell', command: 'until test -e "$HOME/go"; do sleep 0.1; done' }, done],
};

const answer = z.looseObject({ id: z.number().optional(), result: z.unknown() });

/** A client that says what it likes, and reads when it likes. */
async function aRawClient({ folder, env }: Pick<Repository, 'folder' | 'env'>) {
  const child = spawn(process.execPath, [program, 'serve'], {
    cwd: folder,
    env,
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  onTestFinished(() => void child.kill('SIGKILL'));
  const exit = once(child, 'exit');
  let stderr = '';
  child.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString()));
  const send = (id: number, method: string, params: object): void =>
    void child.stdin.write(`${JSON.stringify({ jsonrpc: '2.0', id, method, params })}\n`);
  const clientInfo = { name: 'test', version: '1' };
  send(0, 'initialize', { protocolVersion: '2025-06-18', capabilities: {}, clientInfo });
  await once(child.stdout, 'readable');
  child.stdout.read();
  return { child, exit, send, stderr: () => stderr };
}

type RawClient = Awaited<ReturnType<typeof aRawClient>>;

/** Far more than a pipe holds. */
function askForLists({ send }: RawClient): number[] {
  const ids = Array.from({ length: 500 }, (_, at) => at + 1);
  for (const id of ids) send(id, 'tools/list', {});
  return ids;
}

async function idsOf({ child }: RawClient, count: number): Promise<number[]> {
  const ids: number[] = [];
  for await (const line of createInterface({ input: child.stdout })) {
    ids.push(answer.parse(JSON.parse(line)).id ?? -1);
    if (ids.length === count) break;
  }
  return ids;
}

test('a client that reads late gets every answer it asked for', async () => {
  const client = await aRawClient(await aRepository({}));
  const asked = askForLists(client);
  const ids = await idsOf(client, asked.length);
  expect(ids.toSorted((left, right) => left - right)).toEqual(asked);
  client.child.stdin.end();
  expect(await client.exit).toEqual([0, null]);
  expect(client.stderr()).toBe('');
});

test.each(['SIGTERM', 'SIGINT', 'the end of stdin'])(
  '%s ends the server of a client that never reads, and its run goes on',
  async (how) => {
    const repository = await aRepository(waits);
    const client = await aRawClient(repository);
    client.send(999, 'tools/call', { name: 'run', arguments: task });
    askForLists(client);
    const other = await connected(repository);
    // The same key: whether the first call is through or not, there is one run.
    const { run_id: runId } = (await other.ask('run', task)).data;
    if (how === 'the end of stdin') client.child.stdin.end();
    else client.child.kill(how === 'SIGTERM' ? 'SIGTERM' : 'SIGINT');
    expect(await client.exit).toEqual([0, null]);
    await writeFile(join(repository.folder, 'go'), '');
    expect(await untilOver(other, runId)).toMatchObject({ state: 'succeeded' });
  },
);

test('many open calls at the end, and a message that is none, cost the log of the host a line at most', async () => {
  const client = await aRawClient(await aRepository({}));
  client.child.stdin.write('{"jsonrpc":"2.0","id":101}\n');
  for (let id = 1; id <= 200; id += 1)
    client.send(id, 'tools/call', { name: 'workflow_check', arguments: { mode: 'list' } });
  client.child.stdin.end();
  expect(await client.exit).toEqual([0, null]);
  expect(client.stderr()).toMatch(/^mo: [^\n]{1,300}\n$/);
});

test('a client that goes away in mid-call loses nothing: its run goes on, the call again finds it', async () => {
  const repository = await aRepository(waits);
  const { ask } = await connected(repository);
  const client = await aRawClient(repository);
  client.send(1, 'tools/call', { name: 'run', arguments: task });
  await idsOf(client, 1);
  const { run_id: runId } = (await ask('run', task)).data;
  client.send(2, 'tools/call', { name: 'poll', arguments: { run_id: runId, wait_s: 50 } });
  client.child.stdin.destroy();
  client.child.stdout.destroy();
  expect(await client.exit).toEqual([0, null]);
  expect((await ask('run', task)).data).toMatchObject({ existed: true, run_id: runId });
  await writeFile(join(repository.folder, 'go'), '');
  expect(await untilOver({ ask }, runId)).toMatchObject({ state: 'succeeded' });
});

test(
  'a thousand calls at once are all answered, each with its own, and start one run',
  { timeout: 300_000 },
  async () => {
    const { ask, folder } = await aController(waits);
    const calls = Array.from({ length: 1_000 }, (_, at) => {
      if (at % 100 === 0) return ask('run', task);
      if (at % 2 === 0) return ask('poll', { wait_s: 0 });
      return ask('output', { run_id: `r-${at + 5_000}` });
    });
    const answers = await Promise.all(calls);
    const runs = answers.filter((_, at) => at % 100 === 0).map(({ data }) => data);
    expect(new Set(runs.map((run) => run['run_id'])).size).toBe(1);
    expect(runs.filter((run) => run['existed'] === false)).toHaveLength(1);
    const wrong = answers.filter(({ text, data, isError }, at) => {
      if (at % 100 === 0) return isError;
      if (at % 2 === 0) return data['state'] === undefined;
      return !text.includes(`There is no run r-${at + 5_000}.`);
    });
    expect(wrong).toEqual([]);
    await writeFile(join(folder, 'go'), '');
    expect(await untilOver({ ask }, runs[0]?.['run_id'])).toMatchObject({ state: 'succeeded' });
  },
);

test('two servers on one workspace see the same runs, and the same key is one run', async () => {
  const repository = await aRepository(waits);
  const [one, other] = await Promise.all([connected(repository), connected(repository)]);
  const asked = [one, other].flatMap(({ ask }) =>
    Array.from({ length: 10 }, (_, at) => ask('run', { ...task, client_key: `k-${at % 5}` })),
  );
  const started = (await Promise.all(asked)).map(({ data }) => data);
  const runIds = new Set(started.map((run) => run['run_id']));
  expect(runIds.size).toBe(5);
  expect(started.filter((run) => run['existed'] === false)).toHaveLength(5);
  await writeFile(join(repository.folder, 'go'), '');
  for (const runId of runIds) {
    const ends = await Promise.all([untilOver(one, runId), untilOver(other, runId)]);
    expect(ends).toMatchObject([{ state: 'succeeded' }, { state: 'succeeded' }]);
  }
});

test('a server that is older than the workspace says so, before and while it is open, and leaves it as it is', async () => {
  const { ask, folder, env } = await aController({ '*': [done] });
  const { run_id: runId } = (await ask('run', task)).data;
  await untilOver({ ask }, runId);
  const file = join(folder, '.agent-workspace', 'mo.db');
  const setSchema = (version: number): void => {
    const database = new Sqlite(file);
    database.pragma(`user_version = ${version}`);
    database.pragma('wal_checkpoint(TRUNCATE)');
    database.close();
  };
  setSchema(knownSchema + 1);
  const before = await readFile(file);
  const late = await connected({ folder, env });
  for (const server of [{ ask }, late]) {
    for (const [name, args] of [
      ['run', { ...task, client_key: 'k-2' }],
      ['poll', { run_id: runId, wait_s: 0 }],
      ['land', { run_id: runId, how: 'discard', confirm: true }],
    ] as const) {
      const { text, isError } = await server.ask(name, args);
      expect(isError).toBe(true);
      expect(text).toMatch(/mo\.db was written by a newer mo .* Update mo; .*\[store-newer\]$/);
    }
    const { data } = await server.ask('health', {});
    expect(JSON.stringify(data['problems'])).toContain('was written by a newer mo');
  }
  expect(await readFile(file)).toEqual(before);
  setSchema(knownSchema);
  expect((await ask('poll', { run_id: runId, wait_s: 0 })).data).toMatchObject({
    state: 'succeeded',
  });
});
