import { existsSync, symlinkSync } from 'node:fs';
import { mkdir, readFile, readdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { MoError } from '../../src/core/problem.ts';
import { isAlive } from '../../src/platform/process-identity.ts';
import { commandRecord } from '../../src/supervisor/attempt-files.ts';
import { startAttempt } from '../../src/supervisor/start-attempt.ts';
import { plainProvider } from './plain-provider.ts';
import { createRig, generous, livingOf, settledOf, type Rig } from './rig.ts';
import type { AttemptSpec } from '../../src/supervisor/attempt.ts';

const rigs: Rig[] = [];

afterEach(async () => {
  for (const rig of rigs.splice(0)) await rig.dispose();
});

async function rigWith(change: Partial<AttemptSpec> = {}): Promise<Rig> {
  const rig = await createRig(change);
  rigs.push(rig);
  return rig;
}

async function perform(change: Partial<AttemptSpec> = {}) {
  const rig = await rigWith(change);
  const watcher = rig.watcher();
  const attempt = await startAttempt(rig.spec, watcher.deps);
  const puppet = await rig.nextPuppet();
  return { rig, watcher, attempt, puppet };
}

const done = { type: 'result', ok: true, text: 'all done' } as const;

test('what a worker says becomes events, a summary and an answer', async () => {
  const { rig, attempt, puppet } = await perform();
  await puppet.say({ type: 'text', text: 'looking around' }, done);
  puppet.end({ do: 'exit', code: 0 });
  const settled = await settledOf(attempt.settled);
  expect(settled).toMatchObject({
    endedBy: 'itself',
    survivors: [],
    conclusion: { class: 'done', exitCode: 0, signal: null, answer: 'all done' },
    checkpoint: { summary: { events: 2, lastAction: 'looking around' } },
  });
  expect(await rig.events()).toMatchObject([{ type: 'text', text: 'looking around' }, done]);
});

test('the process of an attempt is proven gone when it settles', async () => {
  const { attempt, puppet } = await perform();
  expect(isAlive(attempt.process)).toBe(true);
  puppet.end({ do: 'exit', code: 0 });
  const settled = await settledOf(attempt.settled);
  expect(settled.goneProcesses).toContainEqual(attempt.process);
  expect(isAlive(attempt.process)).toBe(false);
});

test('the prompt arrives on stdin, which is then closed', async () => {
  const prompt = `Say "hi"\n$HOME \`id\` 中文 😀\n`.repeat(20_000);
  const { attempt, puppet } = await perform({ prompt });
  expect(await puppet.tell({ do: 'stdin' })).toMatchObject({ stdin: prompt });
  puppet.end({ do: 'exit', code: 0 });
  await attempt.settled;
});

test('arguments and folders arrive as they are, whatever is in them', async () => {
  const args = ['a b', 'line\nline', `q'"$HOME\`id\``, '😀', '', '-n', '*', '\\'];
  const rig = await rigWith({ provider: plainProvider({ args }) });
  const folder = join(rig.folder, '..', `it's "a" 中文\n folder`);
  await mkdir(folder, { recursive: true });
  const spec = { ...rig.spec, request: { ...rig.spec.request, folder } };
  const attempt = await startAttempt(spec, rig.watcher().deps);
  const puppet = await rig.nextPuppet();
  expect(await puppet.tell({ do: 'where' })).toMatchObject({ cwd: folder, argv: args });
  puppet.end({ do: 'exit', code: 0 });
  await attempt.settled;
});

test('a worker gets its own TMPDIR outside the attempt folder, removed when it settles', async () => {
  const { rig, attempt, puppet } = await perform();
  const { environment } = await puppet.tell({ do: 'environment' });
  const { TMPDIR: temporary } = Object(environment);
  expect(await readdir(temporary)).toEqual([]);
  expect(temporary.startsWith(rig.folder)).toBe(false);
  await puppet.tell({ do: 'write', path: join(temporary, 'cache'), text: 'x' });
  puppet.end({ do: 'exit', code: 0 });
  await attempt.settled;
  await expect(stat(temporary)).rejects.toThrow('ENOENT');
});

test('the environment of a worker holds its marker and nothing that was not allowed', async () => {
  const env = { ...process.env, MO_TEST_SECRET: 'x', PLAIN_KEY: 'k', PLAIN_INNER: 'i' };
  const provider = plainProvider({ passEnv: ['PLAIN_*'], dropEnv: ['PLAIN_INNER'] });
  const { attempt, puppet } = await perform({ env, provider });
  const { environment } = await puppet.tell({ do: 'environment' });
  expect(environment).toMatchObject({ PLAIN_KEY: 'k', MO_NODE: 'build', MO_ATTEMPT_NO: '1' });
  expect(Object(environment)['MO_ATTEMPT']).toMatch(/^r-1\/build\/1\/[0-9a-f]{12}$/);
  expect(Object.keys(Object(environment))).not.toContain('MO_TEST_SECRET');
  expect(Object.keys(Object(environment))).not.toContain('PLAIN_INNER');
  puppet.end({ do: 'exit', code: 0 });
  await attempt.settled;
});

test('a worker that a worker started belongs to both attempts', async () => {
  const { attempt, puppet } = await perform({
    env: { ...process.env, MO_ATTEMPT: 'r-0/plan/1/x' },
  });
  const { environment } = await puppet.tell({ do: 'environment' });
  expect(Object(environment)['MO_ATTEMPT']).toMatch(
    /^r-0\/plan\/1\/x r-1\/build\/1\/[0-9a-f]{12}$/,
  );
  puppet.end({ do: 'exit', code: 0 });
  await attempt.settled;
});

test('a worker that is interrupted and has no plans for it dies of it', async () => {
  // Not node: that one takes back the dispositions it inherits.
  const rig = await rigWith({
    command: ['/bin/sh', '-c', 'echo up; exec sleep 600'],
    limits: { ...generous, graceMs: { interrupt: 20_000, terminate: 20_000 } },
  });
  const watcher = rig.watcher();
  const attempt = await startAttempt(rig.spec, watcher.deps);
  await watcher.until((one) => one.summary.events === 1);
  attempt.stop('ask');
  expect((await settledOf(attempt.settled)).conclusion.signal).toBe('SIGINT');
});

test('files of an attempt are for its user only and never hold values of the environment', async () => {
  const { rig, attempt, puppet } = await perform({
    provider: plainProvider({ env: { PLAIN_KEY: 'a-very-secret-value' } }),
  });
  puppet.end({ do: 'exit', code: 0 });
  await attempt.settled;
  const names = await readdir(rig.folder);
  expect(names.toSorted()).toEqual([
    'command.json',
    'events.ndjson',
    'exit.json',
    'prompt.md',
    'raw.ndjson',
    'stderr.txt',
  ]);
  const modes = names.map(async (name) => (await stat(join(rig.folder, name))).mode & 0o777);
  expect(new Set(await Promise.all(modes))).toEqual(new Set([0o600]));
  expect((await stat(rig.folder)).mode & 0o777).toBe(0o700);
  const command = await rig.text('command.json');
  expect(command).toContain('PLAIN_KEY');
  expect(command).not.toContain('a-very-secret-value');
});

test('secrets reach neither the events nor the summary, and stay in what the worker wrote', async () => {
  const { rig, attempt, puppet } = await perform();
  await puppet.say({ type: 'text', text: 'key sk-abc123' }, { type: 'unknown', sample: 'sk-x1' });
  await puppet.tell({ do: 'complain', text: 'bad sk-def456' });
  puppet.end({ do: 'exit', code: 1 });
  const settled = await settledOf(attempt.settled);
  expect(await rig.text('events.ndjson')).not.toContain('sk-');
  expect(settled.checkpoint.summary.lastAction).toBe('key [redacted]');
  expect(settled.conclusion.message).toBe('it said: bad [redacted]');
  expect(await rig.text('raw.ndjson')).toContain('sk-abc123');
});

test('a last line without a line break counts', async () => {
  const { rig, attempt, puppet } = await perform();
  await puppet.tell({ do: 'print', text: JSON.stringify(done) });
  puppet.end({ do: 'exit', code: 0 });
  expect((await settledOf(attempt.settled)).conclusion.answer).toBe('all done');
  expect(await rig.events()).toHaveLength(1);
});

test('binary junk and a line of 10 MB are events like any other', async () => {
  const { rig, attempt, puppet } = await perform();
  const junk = Buffer.from([0xff, 0xfe, 0x00, 0xc3, 0x28, 0x0d, 0x0a, 0xe2, 0x82, 0x0a]);
  await puppet.tell({ do: 'bytes', base64: junk.toString('base64') });
  await puppet.tell({ do: 'print', text: `${'x'.repeat(10_000_000)}\n` });
  await puppet.say(done);
  puppet.end({ do: 'exit', code: 0 });
  expect((await settledOf(attempt.settled)).conclusion.class).toBe('done');
  const events = await rig.events();
  expect(events.map((event) => event.type)).toEqual(['unknown', 'unknown', 'unknown', 'result']);
  expect(events[1]).toMatchObject({ sample: '\u{FFFD}' });
});

test('a character that arrives in two pieces is whole', async () => {
  const { rig, watcher, attempt, puppet } = await perform();
  await puppet.say({ type: 'text', text: 'first' });
  const line = Buffer.from(`${JSON.stringify({ type: 'text', text: '😀' })}\n`);
  await puppet.tell({ do: 'bytes', base64: line.subarray(0, line.length - 5).toString('base64') });
  await watcher.until((one) => one.summary.events === 1);
  await puppet.tell({ do: 'bytes', base64: line.subarray(line.length - 5).toString('base64') });
  puppet.end({ do: 'exit', code: 0 });
  await attempt.settled;
  expect((await rig.events())[1]).toMatchObject({ type: 'text', text: '😀' });
});

test('a slow worker is seen line by line while it works', async () => {
  const { watcher, attempt, puppet } = await perform();
  for (const [number, text] of ['one', 'two', 'three'].entries()) {
    await puppet.say({ type: 'text', text });
    const seen = await watcher.until((one) => one.summary.events === number + 1);
    expect(seen.summary.lastAction).toBe(text);
  }
  puppet.end({ do: 'exit', code: 0 });
  await attempt.settled;
});

test('a worker that dies by a signal is said to have died by it', async () => {
  const { attempt, puppet } = await perform();
  puppet.end({ do: 'die', signal: 'SIGKILL' });
  const settled = await settledOf(attempt.settled);
  expect(settled.conclusion).toMatchObject({ class: 'crashed', exitCode: null, signal: 'SIGKILL' });
  expect(settled.endedBy).toBe('itself');
});

test('a command that cannot be executed ends with the exit code of the shell and its reason', async () => {
  const rig = await rigWith({ command: ['/nowhere/claude'] });
  const attempt = await startAttempt(rig.spec, rig.watcher().deps);
  const { conclusion } = await settledOf(attempt.settled);
  expect(conclusion.exitCode).toBe(127);
  expect(conclusion.message).toContain('/nowhere/claude');
});

test('a folder that is not there is named before anything is started', async () => {
  const rig = await rigWith();
  await rm(rig.spec.request.folder, { recursive: true });
  await expect(startAttempt(rig.spec, rig.watcher().deps)).rejects.toMatchObject({
    problem: { code: 'folder-missing', folder: rig.spec.request.folder },
  });
  expect(livingOf(rig.spec)).toEqual([]);
});

test('a worker the system refuses to start is a problem with a name, and leaves nothing', async () => {
  const args = Array.from({ length: 40 }, () => 'x'.repeat(100_000));
  const rig = await rigWith({ provider: plainProvider({ args }) });
  await expect(startAttempt(rig.spec, rig.watcher().deps)).rejects.toMatchObject({
    problem: { code: 'worker-not-started', provider: 'plain', reason: 'E2BIG' },
  });
  expect(await temporaryOf(rig)).toBeNull();
});

test('events that find no space end the worker and are reported, and its own words are kept', async () => {
  const rig = await rigWith();
  const { deps } = rig.watcher();
  const attempt = await startAttempt(rig.spec, {
    ...deps,
    // The command line is redacted after the folder was made and before anything is written to the events.
    redact: (text) => {
      const events = join(rig.folder, 'events.ndjson');
      if (!existsSync(events)) symlinkSync('/dev/full', events);
      return text;
    },
  });
  const puppet = await rig.nextPuppet();
  puppet.end({ do: 'print', text: `${JSON.stringify(done)}\n` });
  await expect(attempt.settled).rejects.toMatchObject({
    problem: { code: 'disk-full', file: join(rig.folder, 'events.ndjson') },
  });
  expect(livingOf(rig.spec)).toEqual([]);
  expect(await rig.text('raw.ndjson')).toContain('all done');
  expect(await temporaryOf(rig)).toBeNull();
});

test('a caller that refuses a checkpoint loses the attempt, not the worker', async () => {
  const rig = await rigWith();
  const { deps } = rig.watcher();
  const attempt = await startAttempt(rig.spec, {
    ...deps,
    onCheckpoint: () => {
      throw new MoError({ code: 'fenced', runId: 'r-1', epoch: 1, newest: 2 });
    },
  });
  const puppet = await rig.nextPuppet();
  puppet.end({ do: 'print', text: 'here I am\n' });
  await expect(attempt.settled).rejects.toMatchObject({ problem: { code: 'fenced' } });
  expect(isAlive(attempt.process)).toBe(true);
});

test('stopping asks first and takes what the worker still says', async () => {
  const { rig, attempt, puppet } = await perform();
  await puppet.tell({ do: 'obey', signal: 'SIGINT', code: 0 });
  attempt.stop('ask');
  const settled = await settledOf(attempt.settled);
  expect(settled).toMatchObject({ endedBy: 'stop', conclusion: { class: 'stopped', exitCode: 0 } });
  expect(await rig.events()).toMatchObject([{ type: 'notice', text: 'got SIGINT' }]);
});

test('a worker that ignores every request is killed', async () => {
  const { rig, attempt, puppet } = await perform();
  await puppet.tell({ do: 'ignore', signals: ['SIGINT', 'SIGTERM', 'SIGHUP'] });
  attempt.stop('ask');
  const settled = await settledOf(attempt.settled);
  expect(settled).toMatchObject({ endedBy: 'stop', survivors: [] });
  expect(settled.endedAt - settled.startedAt).toBeGreaterThanOrEqual(600);
  expect(livingOf(rig.spec)).toEqual([]);
});

test('force kills at once, also in the middle of asking', async () => {
  const patient = { ...generous, graceMs: { interrupt: 60_000, terminate: 60_000 } };
  const { rig, attempt, puppet } = await perform({ limits: patient });
  await puppet.tell({ do: 'ignore', signals: ['SIGINT', 'SIGTERM'] });
  attempt.stop('ask');
  attempt.stop('force');
  expect((await settledOf(attempt.settled)).endedBy).toBe('stop');
  expect(livingOf(rig.spec)).toEqual([]);
});

test('a grandchild in a session of its own is found by its marker and ended', async () => {
  const { rig, attempt, puppet } = await perform();
  const { pid } = await puppet.tell({ do: 'spawn', argv: ['sleep', '600'], detached: true });
  expect(livingOf(rig.spec)).toContain(pid);
  attempt.stop('force');
  const settled = await settledOf(attempt.settled);
  expect(settled.goneProcesses.map((one) => one.pid)).toContain(pid);
  expect(livingOf(rig.spec)).toEqual([]);
});

test('a worker that ends well leaves nothing running', async () => {
  const { rig, attempt, puppet } = await perform();
  const argv = ['sh', '-c', 'trap "" TERM INT; while :; do sleep 1; done'];
  const { pid } = await puppet.tell({ do: 'spawn', argv, detached: true });
  await puppet.say(done);
  puppet.end({ do: 'exit', code: 0 });
  const settled = await settledOf(attempt.settled);
  expect(settled).toMatchObject({ endedBy: 'itself', conclusion: { class: 'done' } });
  expect(settled.goneProcesses.map((one) => one.pid)).toContain(pid);
  expect(livingOf(rig.spec)).toEqual([]);
});

test('a child that took the marker off is found by its descent', async () => {
  const { attempt, puppet } = await perform();
  const argv = ['sleep', '600'];
  const { pid } = await puppet.tell({ do: 'spawn', argv, detached: true, env: { MO_ATTEMPT: '' } });
  attempt.stop('force');
  expect((await settledOf(attempt.settled)).goneProcesses.map((one) => one.pid)).toContain(pid);
});

test('a worker that says nothing at all is ended as a timeout', async () => {
  const { attempt } = await perform({ limits: { ...generous, startupMs: 400 } });
  const settled = await settledOf(attempt.settled);
  expect(settled).toMatchObject({ endedBy: 'startup', conclusion: { class: 'timeout' } });
});

test('a worker that falls silent is flagged, then ended as a timeout', async () => {
  const { watcher, attempt, puppet } = await perform({ limits: { ...generous, idleMs: 600 } });
  await puppet.say({ type: 'text', text: 'hm' });
  await watcher.until((one) => one.summary.flags.includes('stalled'));
  const settled = await settledOf(attempt.settled);
  expect(settled).toMatchObject({ endedBy: 'idle', conclusion: { class: 'timeout' } });
});

test('silence while a tool runs is not idleness', async () => {
  const { attempt, puppet } = await perform({
    limits: { ...generous, idleMs: 200, totalMs: 1200 },
  });
  await puppet.say({
    type: 'tool.started',
    id: 't1',
    tool: 'Bash',
    kind: 'shell',
    summary: 'npm test',
    paths: [],
  });
  expect((await settledOf(attempt.settled)).endedBy).toBe('total');
});

test('a worker that had given its answer but does not go away keeps its answer', async () => {
  const { attempt, puppet } = await perform({ limits: { ...generous, idleMs: 300 } });
  await puppet.say(done);
  const settled = await settledOf(attempt.settled);
  expect(settled).toMatchObject({
    endedBy: 'idle',
    conclusion: { class: 'done', answer: 'all done' },
  });
});

test('a worker that writes too much is ended, stderr counted', async () => {
  const { attempt, puppet } = await perform({ limits: { ...generous, maxOutputBytes: 1000 } });
  await puppet.tell({ do: 'complain', text: 'x'.repeat(600) });
  puppet.end({ do: 'print', text: `${'y'.repeat(600)}\n` });
  const settled = await settledOf(attempt.settled);
  expect(settled).toMatchObject({ endedBy: 'output', conclusion: { class: 'output-limit' } });
});

test('a worker that writes more than its soft limit is told of and goes on', async () => {
  const { attempt, puppet } = await perform({ limits: { ...generous, softOutputBytes: 1000 } });
  await puppet.tell({ do: 'complain', text: 'x'.repeat(1001) });
  await puppet.say(done);
  puppet.end({ do: 'exit', code: 0 });
  const settled = await settledOf(attempt.settled);
  expect(settled).toMatchObject({ endedBy: 'itself', conclusion: { class: 'done' } });
  expect(settled.checkpoint.summary.flags).toEqual(['verbose']);
});

test('a flood is read to its last line', async () => {
  const script = `const line = JSON.stringify({ type: 'text', text: 'flood '.repeat(20) }) + '\\n';
    const block = Buffer.from(line.repeat(1000));
    for (let i = 0; i < 100; i += 1) require('node:fs').writeSync(1, block);`;
  const rig = await rigWith({ command: [process.execPath, '-e', script] });
  const attempt = await startAttempt(rig.spec, rig.watcher().deps);
  const settled = await settledOf(attempt.settled);
  expect(settled.checkpoint.summary.events).toBe(100_000);
  const lines = (await readFile(join(rig.folder, 'events.ndjson'), 'utf8')).split('\n');
  expect(lines).toHaveLength(100_001);
});

test('a silent worker is looked at about once a second', async () => {
  const rig = await rigWith({ limits: { ...generous, idleMs: 3_000 } });
  const watcher = rig.watcher();
  let waits = 0;
  const clock = {
    ...watcher.deps.clock,
    sleep: (ms: number, signal?: AbortSignal) => {
      waits += 1;
      return watcher.deps.clock.sleep(ms, signal);
    },
  };
  const attempt = await startAttempt(rig.spec, { ...watcher.deps, clock });
  const puppet = await rig.nextPuppet();
  await puppet.say({ type: 'text', text: 'I am thinking' });
  await watcher.until((one) => one.summary.events === 1);
  waits = 0;
  await watcher.until((one) => one.summary.flags.includes('stalled'));
  expect(waits).toBeLessThan(8);
  attempt.stop('force');
  await attempt.settled;
});

/** The attempt's TMPDIR while it is there. */
async function temporaryOf(rig: Rig): Promise<string | null> {
  const { temporary } = commandRecord.parse(JSON.parse(await rig.text('command.json')));
  return existsSync(temporary) ? temporary : null;
}
