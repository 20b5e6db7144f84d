import { execFileSync } from 'node:child_process';
import { lstat, mkdtemp, readFile, readlink, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Script } from '../../src/providers/scripted/script.ts';
import { endedAt, promptWith, runWorker, startWorker, textsOf } from './worker-process.ts';

let folder = '';

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'mo-'));
});
afterEach(async () => {
  await rm(folder, { recursive: true, force: true, maxRetries: 20, retryDelay: 200 });
});

function follow(script: Script, ...args: string[]): ReturnType<typeof runWorker> {
  return runWorker({ folder, prompt: promptWith(script), args });
}

function read(path: string): Promise<string> {
  return readFile(join(folder, path), 'utf8');
}

describe('files', () => {
  test('write and append make the file and its folders', async () => {
    await follow([
      { do: 'write', path: 'src/deep/a.txt', text: 'one\n' },
      { do: 'append', path: 'src/deep/a.txt', text: 'two\n' },
    ]);
    expect(await read('src/deep/a.txt')).toBe('one\ntwo\n');
  });

  test('delete, rename, chmod and symlink do what they say', async () => {
    await writeFile(join(folder, 'old.txt'), 'kept');
    await writeFile(join(folder, 'gone.txt'), 'gone');
    await follow([
      { do: 'delete', path: 'gone.txt' },
      { do: 'rename', from: 'old.txt', to: 'new/name.sh' },
      { do: 'chmod', path: 'new/name.sh', mode: '755' },
      { do: 'symlink', path: 'link', target: '/etc/hosts' },
    ]);
    expect(await read('new/name.sh')).toBe('kept');
    expect((await stat(join(folder, 'new/name.sh'))).mode & 0o777).toBe(0o755);
    expect(await readlink(join(folder, 'link'))).toBe('/etc/hosts');
    await expect(lstat(join(folder, 'gone.txt'))).rejects.toThrow('ENOENT');
  });

  test('a path may lead out of the folder', async () => {
    const outside = `${folder}-outside.txt`;
    try {
      await follow([{ do: 'write', path: outside, text: 'escaped' }]);
      expect(await readFile(outside, 'utf8')).toBe('escaped');
    } finally {
      await rm(outside, { force: true });
    }
  });

  test('a file that cannot be changed is a failed tool call, and the worker goes on', async () => {
    const output = await follow([
      { do: 'delete', path: 'never-there' },
      { do: 'say', text: 'still here' },
    ]);
    const end = output.events.find((event) => event.type === 'tool.ended');
    expect(end).toMatchObject({ ok: false, summary: expect.stringContaining('ENOENT') });
    expect(textsOf(output)).toEqual(['still here']);
  });

  test('commit takes everything in, whatever git is set to', async () => {
    execFileSync('git', ['init', '--quiet', folder]);
    await follow([
      { do: 'write', path: 'a.txt', text: 'a' },
      { do: 'commit', message: 'add a' },
    ]);
    const log = execFileSync('git', ['log', '--format=%an: %s', '--name-only'], { cwd: folder });
    expect(log.toString()).toBe('Scripted worker: add a\n\na.txt\n');
  });

  test.each(['anthropic', 'openai', 'github', 'aws', 'private-key'] as const)(
    'a leaked %s key looks real in the output and in a file',
    async (kind) => {
      const shape = {
        anthropic: /sk-ant-api03-[A-Za-z0-9_-]{93}AA/,
        openai: /sk-proj-[A-Za-z0-9_-]{74}T3BlbkFJ[A-Za-z0-9_-]{74}/,
        github: /ghp_[A-Za-z0-9]{36}/,
        aws: /AKIA[A-Z2-7]{16}/,
        'private-key': /-----BEGIN RSA PRIVATE KEY-----\n[\s\S]+\n-----END RSA PRIVATE KEY-----/,
      }[kind];
      const output = await follow([
        { do: 'leak', kind },
        { do: 'leak', kind, path: 'config/.env' },
      ]);
      expect(textsOf(output)[0]).toMatch(shape);
      expect(await read('config/.env')).toMatch(shape);
    },
  );
});

describe('a worker that may only read', () => {
  test('refuses every step that writes and says so', async () => {
    await writeFile(join(folder, 'a.txt'), 'a');
    const output = await follow(
      [
        { do: 'write', path: 'new.txt', text: '' },
        { do: 'append', path: 'a.txt', text: 'b' },
        { do: 'delete', path: 'a.txt' },
        { do: 'rename', from: 'a.txt', to: 'b.txt' },
        { do: 'chmod', path: 'a.txt', mode: '777' },
        { do: 'symlink', path: 'l', target: 'a.txt' },
        { do: 'commit', message: 'no' },
        { do: 'shell', command: 'touch new.txt' },
        { do: 'leak', kind: 'github', path: 'new.txt' },
      ],
      '--read-only',
    );
    expect(output.events.filter((event) => event.type === 'denied')).toHaveLength(9);
    expect(await read('a.txt')).toBe('a');
    await expect(lstat(join(folder, 'new.txt'))).rejects.toThrow('ENOENT');
  });

  test('writes all the same when the step is forced', async () => {
    const output = await follow(
      [{ do: 'write', path: 'new.txt', text: 'forced', force: true }],
      '--read-only',
    );
    expect(await read('new.txt')).toBe('forced');
    expect(output.events.some((event) => event.type === 'denied')).toBe(false);
  });
});

describe('words, tools and money', () => {
  test('say, stream and flood are text events in order', async () => {
    const output = await follow([
      { do: 'say', text: 'hello' },
      { do: 'stream', lines: ['one', 'two'], delayMs: 1 },
      { do: 'flood', events: 2_500 },
    ]);
    const texts = textsOf(output);
    expect(texts.slice(0, 4)).toEqual(['hello', 'one', 'two', 'event 1 of 2500']);
    expect(texts).toHaveLength(2_503);
    expect(texts.at(-1)).toBe('event 2500 of 2500');
  });

  test('a slow stream is seen line by line, not all at the end', async () => {
    const worker = startWorker({
      folder,
      prompt: promptWith([{ do: 'stream', lines: ['one', 'two'], delayMs: 500 }, { do: 'hang' }]),
    });
    expect(await worker.printed('"one"')).not.toContain('"two"');
    await worker.printed('"two"');
    worker.kill('SIGKILL');
    await worker.output;
  });

  test('sleep lasts at least as long as it says', async () => {
    const start = performance.now();
    await follow([{ do: 'sleep', ms: 300 }]);
    expect(performance.now() - start).toBeGreaterThanOrEqual(300);
  });

  test('a tool call has a beginning, an end and its outcome', async () => {
    const output = await follow([
      { do: 'tool', name: 'Read', summary: 'src/a.js', ms: 1 },
      { do: 'tool', name: 'Bash', summary: 'npm test', ok: false },
    ]);
    expect(output.events.filter((event) => event.type.startsWith('tool.'))).toMatchObject([
      { type: 'tool.started', tool: 'Read', kind: 'read', summary: 'src/a.js' },
      { type: 'tool.ended', ok: true },
      { type: 'tool.started', tool: 'Bash', kind: 'shell', summary: 'npm test' },
      { type: 'tool.ended', ok: false },
    ]);
  });

  test('a shell command really runs and its exit code is told', async () => {
    const output = await follow([{ do: 'shell', command: 'echo made > made.txt; exit 7' }]);
    expect(await read('made.txt')).toBe('made\n');
    expect(output.events.find((event) => event.type === 'tool.ended')).toMatchObject({
      ok: false,
      exitCode: 7,
    });
  });

  test('usage adds up and ends in the spend of the attempt', async () => {
    const output = await follow([
      { do: 'usage', usd: 0.25, input: 100, cached: 50, output: 10 },
      { do: 'usage', input: 1, cached: 1, output: 1 },
    ]);
    expect(output.conclusion.spend).toEqual({ usd: 0.25, input: 101, cached: 51, output: 11 });
  });

  test('more money than allowed ends the worker', async () => {
    const output = await follow(
      [
        { do: 'usage', usd: 2, input: 1, cached: 0, output: 1 },
        { do: 'say', text: 'never said' },
      ],
      '--max-usd',
      '1',
    );
    expect(output.conclusion.class).toBe('budget');
    expect(textsOf(output)).toEqual([]);
  });

  test('asking for a permission is denied, not waited for', async () => {
    const output = await follow([{ do: 'ask', question: 'May I push?' }]);
    expect(output.events).toContainEqual({
      type: 'denied',
      tool: 'permission',
      reason: 'May I push?',
    });
    expect(output.conclusion.class).toBe('done');
  });
});

describe('garbage', () => {
  test.each(['truncated', 'binary', 'long', 'junk'] as const)(
    '%s output hides none of the events around it',
    async (kind) => {
      const output = await follow([
        { do: 'say', text: 'before' },
        { do: 'garbage', kind },
        { do: 'say', text: 'after' },
      ]);
      const texts = textsOf(output);
      expect([texts[0], texts.at(-1)]).toEqual(['before', 'after']);
      expect(output.conclusion.class).toBe('done');
      if (kind === 'long') expect(output.stdout.length).toBeGreaterThan(10_000_000);
      else expect(output.events.some((event) => event.type === 'unknown')).toBe(true);
    },
  );
});

describe('endings', () => {
  test('a quota names when it opens again', async () => {
    const output = await follow([{ do: 'quota', resetsInMs: 60_000 }]);
    expect(output.conclusion).toMatchObject({ class: 'quota', resetsAt: endedAt + 60_000 });
    expect(output.events).toContainEqual(
      expect.objectContaining({ type: 'quota', status: 'exceeded' }),
    );
    expect(output.exitCode).toBe(1);
  });

  test('an overflowing context ends the worker', async () => {
    const output = await follow([{ do: 'context' }, { do: 'say', text: 'never said' }]);
    expect(output.conclusion.class).toBe('context');
    expect(textsOf(output)).toEqual([]);
  });

  test.each(['refused', 'transient', 'auth', 'invalid', 'budget'] as const)(
    'a failure of class %s is told with its message',
    async (failure) => {
      const output = await follow([{ do: 'fail', class: failure, message: 'because' }]);
      expect(output.conclusion).toMatchObject({ class: failure, message: 'because', exitCode: 1 });
    },
  );

  test('exit ends without a closing event', async () => {
    const failed = await follow([{ do: 'exit', code: 3 }]);
    expect(failed.conclusion).toMatchObject({ class: 'crashed', exitCode: 3 });
    const quiet = await follow([{ do: 'exit', code: 0 }]);
    expect(quiet.conclusion).toMatchObject({ class: 'incomplete', exitCode: 0 });
  });

  test('a crash is a death by signal', async () => {
    const killed = await follow([{ do: 'crash' }]);
    expect(killed.conclusion).toMatchObject({ class: 'crashed', signal: 'SIGKILL' });
    const aborted = await follow([{ do: 'crash', how: 'abort' }]);
    expect(aborted.conclusion).toMatchObject({ class: 'crashed', signal: 'SIGABRT' });
  });

  test('what was said before a crash is not lost', async () => {
    const output = await follow([{ do: 'flood', events: 5_000 }, { do: 'crash' }]);
    expect(textsOf(output)).toHaveLength(5_000);
  });

  test('a handoff is the answer, and the steps after it are still done', async () => {
    const value = { status: 'pass', summary: 'Done.' };
    const output = await follow(
      [
        { do: 'handoff', value },
        { do: 'say', text: 'and more' },
      ],
      '--structured',
    );
    expect(output.conclusion).toMatchObject({ class: 'done', structured: value });
    expect(textsOf(output)).toEqual(['and more']);
  });

  test('an answer that was not asked for as JSON is prose with a block of JSON', async () => {
    const output = await follow([{ do: 'handoff', value: { status: 'pass' } }]);
    expect(output.conclusion.structured).toBeNull();
    expect(output.conclusion.answer).toContain('```json\n{\n  "status": "pass"\n}\n```');
  });

  test('a claim says success and names a test run that never was', async () => {
    const output = await follow([{ do: 'claim', text: 'All tests pass.' }], '--structured');
    expect(output.conclusion.structured).toMatchObject({
      status: 'pass',
      summary: 'All tests pass.',
      commands: [{ command: 'npm test', exit_code: 0 }],
    });
    expect(output.events.some((event) => event.type === 'tool.started')).toBe(false);
  });

  test('a script without a handoff ends with what was really done', async () => {
    const output = await follow(
      [
        { do: 'write', path: 'a.txt', text: '' },
        { do: 'shell', command: 'exit 2' },
      ],
      '--structured',
    );
    expect(output.conclusion.structured).toMatchObject({
      status: 'pass',
      changed_files: ['a.txt'],
      commands: [{ command: 'exit 2', exit_code: 2 }],
    });
  });

  test.each(['SIGTERM', 'SIGINT'] as const)('a hanging worker ends by %s', async (signal) => {
    const worker = startWorker({
      folder,
      prompt: promptWith([{ do: 'say', text: 'ready' }, { do: 'hang' }]),
    });
    await worker.printed('ready');
    worker.kill(signal);
    expect((await worker.output).signal).toBe(signal);
  });

  test('an ignored signal has no effect', async () => {
    const worker = startWorker({
      folder,
      prompt: promptWith([
        { do: 'ignore', signals: ['SIGTERM', 'SIGINT'] },
        { do: 'shell', command: 'kill -TERM $PPID; kill -INT $PPID' },
        { do: 'say', text: 'still here' },
        { do: 'hang' },
      ]),
    });
    await worker.printed('still here');
    worker.kill('SIGKILL');
    expect((await worker.output).signal).toBe('SIGKILL');
  });

  test.each([
    { detached: true, where: 'in a session of its own' },
    { detached: false, where: "in the worker's session" },
  ])('a grandchild outlives the worker $where', async ({ detached }) => {
    const output = await follow([{ do: 'grandchild', detached, ms: 30_000 }]);
    const notice = output.events.find((event) => event.type === 'notice');
    const pid = Number(notice?.type === 'notice' && notice.text.split(' ')[1]);
    try {
      const session = execFileSync('ps', ['-o', 'sid=', '-p', String(pid)])
        .toString()
        .trim();
      expect(session === String(pid)).toBe(detached);
    } finally {
      process.kill(pid, 'SIGKILL');
    }
  });
});

test('when looks at a path and takes one of two ways', async () => {
  const script: Script = [
    {
      do: 'when',
      exists: 'marker',
      // oxlint-disable-next-line unicorn/no-thenable
      then: [{ do: 'say', text: 'second time' }],
      else: [
        { do: 'write', path: 'marker', text: '' },
        { do: 'say', text: 'first time' },
      ],
    },
  ];
  expect(textsOf(await follow(script))).toEqual(['first time']);
  expect(textsOf(await follow(script))).toEqual(['second time']);
});
