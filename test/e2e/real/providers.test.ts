import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, realpath, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Json } from '../../../src/core/json.ts';
import type { Provider, WorkerRequest } from '../../../src/core/worker.ts';
import { systemClock } from '../../../src/platform/clock.ts';
import { treeMembers } from '../../../src/platform/process-tree.ts';
import { claude } from '../../../src/providers/claude/index.ts';
import { resumedThread } from '../../../src/providers/codex/memory.ts';
import { codex } from '../../../src/providers/codex/index.ts';
import type { ModelReply, ModelRequest } from '../../../src/selftest/model-servers/model-script.ts';
import { limitError } from '../../../src/selftest/model-servers/limit-error.ts';
import {
  type ModelServer,
  startModelServer,
} from '../../../src/selftest/model-servers/start-model-server.ts';
import { type Drive, driveWorker } from '../../../src/selftest/drive-worker.ts';
import { makeTemporaryHome, type TemporaryHome } from '../../../src/selftest/temporary-home.ts';
import { installedClis, notInstalled } from './installed-clis.ts';

const clis = installedClis();
if (clis === null) process.stderr.write(`${notInstalled}\n`);

const schema: Json = {
  type: 'object',
  properties: { verdict: { type: 'string' }, count: { type: 'integer' } },
  required: ['verdict', 'count'],
  additionalProperties: false,
};

let folder: string;
let home: TemporaryHome;
let server: ModelServer;
let script: (request: ModelRequest) => ModelReply;

describe.skipIf(clis === null).each([claude, codex])('the real $name', (provider) => {
  const dialect = provider.name === 'claude' ? 'anthropic' : 'openai';

  beforeEach(async () => {
    server = await startModelServer({ dialect, script: (request) => script(request) });
    home = await makeTemporaryHome({ anthropic: null, openai: null, [dialect]: server.url });
    folder = await makeWorktree();
  });

  afterEach(async () => {
    await server.close();
    await home.remove();
    await rm(join(folder, '..'), { recursive: true, force: true });
  });

  test('answers, and names session, model and usage', async () => {
    script = () => [{ text: 'Forty-two.' }, { usage: { input: 1200, cached: 200, output: 30 } }];
    const worker = await drive(provider, 'What is six times seven?');
    const end = await worker.end;
    expect(end).toMatchObject({ class: 'done', answer: 'Forty-two.', exitCode: 0 });
    expect(end.session).toMatch(/^[0-9a-f-]{36}$/);
    expect(end.spend).toMatchObject({ input: 1200, cached: 200, output: 30 });
    expect(end.spend.usd !== null).toBe(provider.abilities.money);
    expect(server.requests.at(-1)?.prompt.trim()).toBe('What is six times seven?');
    expect(unknownEvents(worker)).toEqual([]);
  });

  test.each(['read-only', 'write'] as const)(
    'is forced into a schema while it may %s',
    async (mode) => {
      script = () => [{ structured: { verdict: 'good', count: 3 } }];
      const worker = await drive(provider, 'Judge.', { mode, outputSchema: schema });
      expect(await worker.end).toMatchObject({
        class: 'done',
        structured: { verdict: 'good', count: 3 },
      });
      expect(server.requests.every((request) => request.schema !== null)).toBe(true);
    },
  );

  test('works first and then answers in the schema', async () => {
    script = ({ results }) =>
      results.length === 0
        ? [{ shell: 'cat greeting.txt' }]
        : [{ structured: { verdict: results[0]?.text ?? '', count: 1 } }];
    const worker = await drive(provider, 'Read, then judge.', { outputSchema: schema });
    const end = await worker.end;
    expect(end.class).toBe('done');
    expect(JSON.stringify(end.structured)).toContain('hello');
  });

  test('writes files and runs commands in the worktree when it may write', async () => {
    script = ({ results }) => {
      if (results.length === 0) {
        return [{ text: 'I begin.' }, { write: { path: 'src/new file.js', text: "it's = `1`\n" } }];
      }
      return results.length === 1 ? [{ shell: 'cp greeting.txt copy.txt' }] : [{ text: 'Done.' }];
    };
    const worker = await drive(provider, 'Write.');
    expect(await worker.end).toMatchObject({ class: 'done', answer: 'Done.' });
    expect(await readFile(join(folder, 'src/new file.js'), 'utf8')).toBe("it's = `1`\n");
    expect(await readFile(join(folder, 'copy.txt'), 'utf8')).toBe('hello\n');
    const ended = worker.events.filter((event) => event.type === 'tool.ended');
    expect(ended).toEqual([
      expect.objectContaining({ ok: true }),
      expect.objectContaining({ ok: true, exitCode: 0 }),
    ]);
    expect(unknownEvents(worker)).toEqual([]);
  });

  test('a failing command is told with its exit code', async () => {
    script = ({ results }) =>
      results.length === 0 ? [{ shell: 'echo broken >&2; exit 3' }] : [{ text: 'It failed.' }];
    const worker = await drive(provider, 'Run it.');
    expect(await worker.end).toMatchObject({ class: 'done' });
    const ended = worker.events.find((event) => event.type === 'tool.ended');
    expect(ended).toMatchObject({ ok: false, exitCode: 3 });
  });

  test('cannot write anything when it may only read', async () => {
    const tries: ModelReply[] = [
      [{ write: { path: 'written.txt', text: 'x' } }],
      [{ shell: 'echo x > shell.txt' }],
      [{ shell: 'touch touched.txt; git commit --allow-empty -m x' }],
      [{ shell: 'rm greeting.txt' }],
    ];
    script = ({ results }) => tries[results.length] ?? [{ text: 'I tried.' }];
    const worker = await drive(provider, 'Try to write.', { mode: 'read-only' });
    expect(await worker.end).toMatchObject({ class: 'done', answer: 'I tried.' });
    expect(server.requests.at(-1)?.results).toHaveLength(tries.length);
    expect(git('status', '--porcelain', '--ignored')).toBe('');
    expect(git('log', '--oneline').trim().split('\n')).toHaveLength(1);
  });

  test('can read when it may only read', async () => {
    script = ({ results }) =>
      results.length > 0
        ? [{ text: results[0]?.text ?? '' }]
        : provider.name === 'claude'
          ? [{ tool: { name: 'Read', input: { file_path: join(folder, 'greeting.txt') } } }]
          : [{ shell: 'cat greeting.txt' }];
    const worker = await drive(provider, 'Read it.', { mode: 'read-only' });
    const end = await worker.end;
    expect(end.answer).toContain('hello');
  });

  test('leaves hooks and servers of the repository alone', async () => {
    await plantTraps(folder);
    script = ({ results }) =>
      results.length === 0 ? [{ shell: 'true' }] : [{ text: 'Nothing happened.' }];
    const worker = await drive(provider, 'Run true.');
    expect(await worker.end).toMatchObject({ class: 'done' });
    expect(existsSync(join(folder, 'trapped'))).toBe(false);
  });

  test('goes on with a session, and counts only what it used itself', async () => {
    script = ({ prompts }) => [
      { text: `I was told ${prompts.length} things.` },
      { usage: { input: 1000, cached: 100, output: 20 } },
    ];
    const first = await (await drive(provider, 'The word is plum.')).end;
    const memory = provider.name === 'codex' ? resumedThread(first.spend) : null;
    const worker = await drive(
      provider,
      'Which word?',
      { resume: first.session, outputSchema: schema },
      memory,
    );
    const second = await worker.end;
    expect(second).toMatchObject({ class: 'done', session: first.session });
    expect(server.requests.at(-1)?.prompts.join(' ')).toContain('The word is plum.');
    expect(server.requests.at(-1)?.schema).not.toBeNull();
    expect(second.spend.output).toBe(
      20 * server.requests.filter(({ prompts }) => prompts.length > 1).length,
    );
  });

  test('may write again in a session that it goes on with', async () => {
    script = () => [{ text: 'Ready.' }];
    const first = await (await drive(provider, 'Get ready.')).end;
    script = ({ results }) =>
      results.length === 0
        ? [{ write: { path: 'later.txt', text: 'later' } }]
        : [{ text: 'Written.' }];
    const worker = await drive(provider, 'Now write.', { resume: first.session });
    expect(await worker.end).toMatchObject({ class: 'done', answer: 'Written.' });
    expect(await readFile(join(folder, 'later.txt'), 'utf8')).toBe('later');
  });

  test('a session that does not exist is invalid', async () => {
    script = () => [{ text: 'never' }];
    const resume = '00000000-0000-4000-8000-000000000000';
    expect(await (await drive(provider, 'Go on.', { resume })).end).toMatchObject({
      class: 'invalid',
    });
    expect(server.requests).toEqual([]);
  });

  test('a limit of the vendor is quota', async () => {
    script = () => [{ error: limitError(dialect, systemClock.now()) }];
    const end = await (await drive(provider, 'Work.')).end;
    expect(end.class).toBe('quota');
    if (provider.name === 'codex') expect(end.resetsAt).toBeGreaterThan(systemClock.now());
  });

  test('a wrong key is auth', async () => {
    const error = { status: 401, type: 'authentication_error', message: 'invalid x-api-key' };
    script = () => [{ error }];
    expect((await (await drive(provider, 'Work.')).end).class).toBe('auth');
  });

  test('an unknown model is invalid', async () => {
    const message = 'The model `no-such-model` does not exist or you do not have access to it.';
    const type = provider.name === 'claude' ? 'not_found_error' : 'model_not_found';
    script = () => [{ error: { status: 404, type, message } }];
    const end = await (await drive(provider, 'Work.', { model: 'no-such-model' })).end;
    expect(end.class).toBe('invalid');
    expect(server.requests[0]?.model).toBe('no-such-model');
  });

  test('a server in trouble is transient', async () => {
    script = () => [{ error: { status: 500, type: 'api_error', message: 'Internal error' } }];
    const worker = await drive(provider, 'Work.');
    expect((await worker.end).class).toBe('transient');
    expect(worker.events.some((event) => event.type === 'retrying')).toBe(true);
  });

  test.each(['SIGINT', 'SIGTERM'] as const)('stops on %s while a command runs', async (signal) => {
    script = ({ results }) =>
      results.length === 0
        ? [{ shell: 'echo $$ > started; while :; do sleep 1; done' }]
        : [{ text: 'never' }];
    const worker = await drive(provider, 'Run for ever.');
    await worker.until('tool.started');
    await eventually(() => existsSync(join(folder, 'started')));
    expect(members(worker).length).toBeGreaterThan(1);
    worker.kill(signal);
    const end = await worker.end;
    expect(end.class).not.toBe('done');
    await eventually(() => members(worker).length === 0);
  });

  test('stops while the model does not answer', async () => {
    script = () => [{ hang: true }];
    const worker = await drive(provider, 'Think for ever.');
    await eventually(() => server.requests.length > 0);
    worker.kill('SIGINT');
    expect((await worker.end).class).not.toBe('done');
    await eventually(() => members(worker).length === 0);
  });

  test('says its version and whether it is signed in', async () => {
    const run = (args: readonly string[]): string =>
      execFileSync(join(clis ?? '', provider.binary), args, {
        encoding: 'utf8',
        env: { PATH: process.env['PATH'], ...home.env },
        stdio: ['ignore', 'pipe', 'ignore'],
      });
    expect(provider.probe.version(run(provider.probe.versionArgs))).toMatch(/^\d+\.\d+\.\d+$/);
  });
});

function drive(
  provider: Provider,
  prompt: string,
  request: Partial<WorkerRequest> = {},
  memory: Json = null,
): Promise<Drive> {
  const command = [join(clis ?? '', provider.binary)];
  return driveWorker(provider, prompt, {
    command,
    env: process.env,
    home,
    folder,
    request,
    memory,
  });
}

/** A linked worktree, as every writing node gets one. */
async function makeWorktree(): Promise<string> {
  const root = await realpath(await mkdtemp(join(tmpdir(), 'mo-')));
  const run = (...args: string[]): void => {
    execFileSync('git', args, { cwd: join(root, 'main'), stdio: 'ignore' });
  };
  execFileSync('git', ['init', '--quiet', '-b', 'main', join(root, 'main')]);
  await writeFile(join(root, 'main/greeting.txt'), 'hello\n');
  run('add', '.');
  run('-c', 'user.name=t', '-c', 'user.email=t@example.com', 'commit', '-m', 'first');
  run('worktree', 'add', '-b', 'work', join(root, 'work'));
  return join(root, 'work');
}

function git(...args: string[]): string {
  return execFileSync('git', args, { cwd: folder, encoding: 'utf8' });
}

async function plantTraps(root: string): Promise<void> {
  const trap = `touch ${JSON.stringify(join(root, 'trapped'))}`;
  await Promise.all([
    mkdir(join(root, '.claude'), { recursive: true }),
    mkdir(join(root, '.codex'), { recursive: true }),
  ]);
  const hook = [{ matcher: '', hooks: [{ type: 'command', command: trap }] }];
  await writeFile(
    join(root, '.claude/settings.json'),
    JSON.stringify({ hooks: { SessionStart: hook, PreToolUse: hook, Stop: hook } }),
  );
  const trapServer = { command: 'sh', args: ['-c', trap] };
  await writeFile(join(root, '.mcp.json'), JSON.stringify({ mcpServers: { trap: trapServer } }));
  await writeFile(
    join(root, '.codex/config.toml'),
    `[mcp_servers.trap]\ncommand = "sh"\nargs = ["-c", ${JSON.stringify(trap)}]\n`,
  );
}

function members(worker: Drive): unknown[] {
  return treeMembers({ leader: null, marker: worker.marker });
}

function unknownEvents(worker: Drive): unknown[] {
  return worker.events.filter((event) => event.type === 'unknown');
}

/** For what sends no event: a file of another process, the process table. */
async function eventually(isSo: () => boolean): Promise<void> {
  const deadline = systemClock.monotonic() + 30_000;
  while (!isSo()) {
    if (systemClock.monotonic() > deadline) throw new Error(`not so in time: ${isSo.toString()}`);
    await systemClock.sleep(20);
  }
}
