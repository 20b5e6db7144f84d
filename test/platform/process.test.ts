import { expect, test } from 'vitest';
import { runCommand, type CommandOptions } from '../../src/platform/process.ts';

const env = { PATH: process.env['PATH'] ?? '' };

function shell(script: string, options: Partial<CommandOptions> = {}) {
  return runCommand('sh', ['-c', script], { cwd: '/', env, ...options });
}

test('a command tells its exit code and what it said, and reads nothing by itself', async () => {
  expect(await shell('cat; echo out; echo err >&2; exit 3')).toEqual({
    exitCode: 3,
    signal: null,
    stdout: 'out\n',
    stderr: 'err\n',
    isCut: false,
    timedOut: false,
    startError: null,
  });
});

test('text goes in as it comes out, byte order mark and all', async () => {
  const text = '\uFEFF仓库 🚀\0\n'.repeat(50_000);
  expect((await shell('cat', { stdin: text })).stdout).toBe(text);
});

test('a command may leave its input unread', async () => {
  const ended = await shell('exit 7', { stdin: 'x'.repeat(5_000_000) });
  expect(ended).toMatchObject({ exitCode: 7, startError: null });
});

test('nothing of the surrounding environment is inherited', async () => {
  const { stdout } = await runCommand('/usr/bin/env', [], {
    cwd: '/',
    env: { ONE: '1', NO: undefined },
  });
  expect(stdout).toBe('ONE=1\n');
});

test('what cannot be started says why', async () => {
  const refused = [
    await runCommand('no-such-command', [], { cwd: '/', env }),
    await shell('exit 0', { cwd: '/no/such/folder' }),
    await runCommand('/etc', [], { cwd: '/', env }),
    await runCommand('sh', ['-c', 'exit 0', 'x'.repeat(5_000_000)], { cwd: '/', env }),
  ];
  expect(refused.map(({ startError, exitCode }) => [startError, exitCode])).toEqual([
    ['ENOENT', null],
    ['ENOENT', null],
    ['EACCES', null],
    ['E2BIG', null],
  ]);
});

test('who says more than is wanted is ended, and what it said first is there', async () => {
  const ended = await shell('yes', { maxBytes: 1_001 });
  expect(ended).toMatchObject({ exitCode: null, isCut: true, timedOut: false });
  expect(ended.stdout).toBe('y\n'.repeat(500) + 'y');
  expect(await shell('printf 12345', { maxBytes: 5 })).toMatchObject({ exitCode: 0, isCut: false });
});

test('a command is ended at its time limit', async () => {
  expect(await shell('exec sleep 600', { timeoutMs: 50 })).toMatchObject({
    exitCode: null,
    signal: 'SIGTERM',
    timedOut: true,
  });
});

test('one that ignores the request is killed, and whoever it has started is not waited for', async () => {
  const ended = await shell('trap "" TERM; echo ready; sleep 20 & wait; sleep 20', {
    timeoutMs: 50,
  });
  expect(ended).toMatchObject({ exitCode: null, signal: 'SIGKILL', timedOut: true });
});

test('an abort ends a command, also one that came before it', async () => {
  const late = new AbortController();
  const running = shell('exec sleep 600', { signal: late.signal });
  late.abort();
  const ended = [await running, await shell('exec sleep 600', { signal: AbortSignal.abort() })];
  expect(ended.map(({ exitCode, timedOut }) => [exitCode, timedOut])).toEqual([
    [null, false],
    [null, false],
  ]);
});
