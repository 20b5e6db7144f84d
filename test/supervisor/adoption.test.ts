import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { appendFile, readFile, truncate, watch } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, expect, test } from 'vitest';
import { checkpoint as checkpointShape, processId } from '../../src/core/worker.ts';
import type { Checkpoint, ProcessId } from '../../src/core/worker.ts';
import { ageMs, isAlive } from '../../src/platform/process-identity.ts';
import { adoptAttempt } from '../../src/supervisor/adopt-attempt.ts';
import type { AttemptSpec } from '../../src/supervisor/attempt.ts';
import { startAttempt } from '../../src/supervisor/start-attempt.ts';
import { createRig, generous, livingOf, settledOf, type Puppet, type Rig } from './rig.ts';

const rigs: Rig[] = [];
const owners: ChildProcess[] = [];

afterEach(async () => {
  for (const owner of owners.splice(0)) owner.kill('SIGKILL');
  for (const rig of rigs.splice(0)) await rig.dispose();
});

const done = { type: 'result', ok: true, text: 'all done' } as const;

/** A worker whose owner is another process. */
async function owned(change: Partial<AttemptSpec> = {}) {
  const rig = await createRig(change);
  rigs.push(rig);
  const checkpointFile = join(dirname(rig.spec.request.folder), 'checkpoint.json');
  const owner = fork(fileURLToPath(new URL('./owner.ts', import.meta.url)), {
    execArgv: ['--import', 'tsx'],
  });
  owners.push(owner);
  const { provider: _, ...spec } = rig.spec;
  const started = once(owner, 'message');
  owner.send({ spec, checkpointFile });
  const puppet = await rig.nextPuppet();
  const worker = processId.parse((await started)[0]);
  return { rig, owner, puppet, worker, checkpointFile };
}

async function kill(owner: ChildProcess): Promise<void> {
  const gone = once(owner, 'exit');
  owner.kill('SIGKILL');
  await gone;
}

async function checkpointIn(file: string): Promise<Checkpoint | null> {
  const text = await readFile(file, 'utf8').catch(() => null);
  return text === null ? null : checkpointShape.parse(JSON.parse(text));
}

/** Resolves when the owner has written a checkpoint that counts so many events. */
async function counted(file: string, events: number): Promise<Checkpoint> {
  const changes = watch(dirname(file));
  let found = await checkpointIn(file);
  if (found !== null && found.summary.events >= events) return found;
  for await (const _ of changes) {
    found = await checkpointIn(file);
    if (found !== null && found.summary.events >= events) return found;
  }
  throw new Error('the folder is no longer watched');
}

async function sayNumbers(puppet: Puppet, from: number, to: number): Promise<void> {
  const texts = Array.from({ length: to - from }, (_, index) => String(from + index));
  await puppet.say(...texts.map((text) => ({ type: 'text' as const, text })));
}

async function numbersOf(rig: Rig): Promise<number[]> {
  const events = await rig.events();
  return events.flatMap((event) => (event.type === 'text' ? [Number(event.text)] : []));
}

const upTo = (end: number): number[] => Array.from({ length: end }, (_, index) => index);

test('a worker outlives its owner, and the next one has every event exactly once', async () => {
  const { rig, owner, puppet, worker, checkpointFile } = await owned();
  await sayNumbers(puppet, 0, 500);
  const checkpoint = await counted(checkpointFile, 1);
  await sayNumbers(puppet, 500, 700);
  await kill(owner);
  await sayNumbers(puppet, 700, 1000);
  const adopted = await adoptAttempt(rig.spec, worker, checkpoint, rig.watcher().deps);
  await sayNumbers(puppet, 1000, 1200);
  await puppet.say(done);
  puppet.end({ do: 'exit', code: 0 });
  const settled = await settledOf(adopted.settled);
  expect(await numbersOf(rig)).toEqual(upTo(1200));
  expect(settled).toMatchObject({
    endedBy: 'itself',
    conclusion: { class: 'done', exitCode: 0, answer: 'all done' },
    checkpoint: { parser: { lines: 1201 }, summary: { events: 1201 } },
  });
  expect(settled.goneProcesses).toContainEqual(worker);
});

test('an owner killed in the middle of a flood leaves nothing out and nothing twice', async () => {
  const script = `const { writeSync } = require('node:fs');
    require('node:net').connect(process.env.PUPPET_SOCKET);
    for (let i = 0; i < 60000; i += 100) {
      const lines = Array.from({ length: 100 }, (_, k) => JSON.stringify({ type: 'text', text: String(i + k) }) + '\\n');
      writeSync(1, lines.join(''));
    }
    process.exit(0);`;
  const { rig, owner, worker, checkpointFile } = await owned({
    command: [process.execPath, '-e', script],
  });
  await counted(checkpointFile, 1);
  await kill(owner);
  const checkpoint = await checkpointIn(checkpointFile);
  const adopted = await adoptAttempt(rig.spec, worker, checkpoint, rig.watcher().deps);
  const settled = await settledOf(adopted.settled);
  expect(await numbersOf(rig)).toEqual(upTo(60_000));
  expect(settled.checkpoint.summary.events).toBe(60_000);
});

test('a worker that ended while nobody watched settles with its exit code', async () => {
  const { rig, owner, puppet, worker, checkpointFile } = await owned();
  await sayNumbers(puppet, 0, 3);
  await counted(checkpointFile, 3);
  await kill(owner);
  await puppet.say(done);
  const ended = exitOf(rig);
  puppet.end({ do: 'exit', code: 7 });
  await ended;
  const checkpoint = await checkpointIn(checkpointFile);
  const adopted = await adoptAttempt(rig.spec, worker, checkpoint, rig.watcher().deps);
  expect(await settledOf(adopted.settled)).toMatchObject({
    endedBy: 'itself',
    conclusion: { class: 'done', exitCode: 7, answer: 'all done' },
  });
  expect(await numbersOf(rig)).toEqual([0, 1, 2]);
});

test('a worker that was killed while nobody watched is lost, and what it had said is kept', async () => {
  const { rig, owner, puppet, worker } = await owned();
  await sayNumbers(puppet, 0, 3);
  await kill(owner);
  process.kill(-worker.pid, 'SIGKILL');
  const adopted = await adoptAttempt(rig.spec, worker, null, rig.watcher().deps);
  const settled = await settledOf(adopted.settled);
  expect(settled).toMatchObject({
    endedBy: 'lost',
    conclusion: { class: 'lost', exitCode: null, signal: null },
  });
  expect(await numbersOf(rig)).toEqual([0, 1, 2]);
});

test('an owner that died before it noted its worker has it found by the marker', async () => {
  const { rig, owner, puppet, worker } = await owned();
  await kill(owner);
  const adopted = await adoptAttempt(rig.spec, null, null, rig.watcher().deps);
  expect(adopted.process).toEqual(worker);
  puppet.end({ do: 'exit', code: 0 });
  expect((await settledOf(adopted.settled)).endedBy).toBe('itself');
});

test('an attempt that was never started is lost', async () => {
  const rig = await createRig();
  rigs.push(rig);
  const adopted = await adoptAttempt(rig.spec, null, null, rig.watcher().deps);
  expect(adopted.process).toBeNull();
  expect(await settledOf(adopted.settled)).toMatchObject({
    endedBy: 'lost',
    conclusion: { class: 'lost' },
    goneProcesses: [],
  });
});

test('an adopted worker can be stopped, with everything it started', async () => {
  const { rig, owner, puppet, worker, checkpointFile } = await owned();
  await puppet.tell({ do: 'spawn', argv: ['sleep', '600'], detached: true });
  await kill(owner);
  const checkpoint = await checkpointIn(checkpointFile);
  const adopted = await adoptAttempt(rig.spec, worker, checkpoint, rig.watcher().deps);
  adopted.stop('ask');
  expect((await settledOf(adopted.settled)).endedBy).toBe('stop');
  expect(livingOf(rig.spec)).toEqual([]);
});

test('events that were lost after a checkpoint are made again from what the worker wrote', async () => {
  const { rig, owner, puppet, worker, checkpointFile } = await owned();
  await sayNumbers(puppet, 0, 100);
  const checkpoint = await counted(checkpointFile, 100);
  await kill(owner);
  await truncate(join(rig.folder, 'events.ndjson'), 40);
  const adopted = await adoptAttempt(rig.spec, worker, checkpoint, rig.watcher().deps);
  puppet.end({ do: 'exit', code: 0 });
  const settled = await settledOf(adopted.settled);
  expect(await numbersOf(rig)).toEqual(upTo(100));
  expect(settled.checkpoint.summary.events).toBe(100);
});

test('half an event at the end of the file is cut off, also when no other one follows', async () => {
  const { rig, owner, puppet, worker, checkpointFile } = await owned();
  await sayNumbers(puppet, 0, 10);
  const checkpoint = await counted(checkpointFile, 10);
  await kill(owner);
  await appendFile(join(rig.folder, 'events.ndjson'), '{"at":1,"type":"te');
  const adopted = await adoptAttempt(rig.spec, worker, checkpoint, rig.watcher().deps);
  puppet.end({ do: 'exit', code: 0 });
  await adopted.settled;
  expect(await numbersOf(rig)).toEqual(upTo(10));
});

test('time counts from the start of the worker, not from its adoption, whatever the clock says', async () => {
  const { rig, owner, worker } = await owned();
  await kill(owner);
  const watcher = rig.watcher();
  const clock = { ...watcher.deps.clock, now: () => watcher.deps.clock.now() - 1_000_000 };
  // Whoever counted from now would come upon the start-up limit first.
  const spec = { ...rig.spec, limits: { ...generous, startupMs: 500, totalMs: 1500 } };
  await expect.poll(() => ageMs(worker), { timeout: 10_000 }).toBeGreaterThan(1500);
  const adopted = await adoptAttempt(spec, worker, null, { ...watcher.deps, clock });
  expect((await settledOf(adopted.settled)).endedBy).toBe('total');
});

test('an owner that lets go leaves its worker alone and its events to the next one', async () => {
  const rig = await createRig();
  rigs.push(rig);
  const letGo = new AbortController();
  const first = rig.watcher();
  const attempt = await startAttempt(rig.spec, { ...first.deps, signal: letGo.signal });
  const puppet = await rig.nextPuppet();
  await sayNumbers(puppet, 0, 5);
  await first.until((one) => one.summary.events > 0);
  letGo.abort();
  expect(await attempt.settled).toBe('released');
  expect(isAlive(attempt.process)).toBe(true);
  await sayNumbers(puppet, 5, 10);
  const adopted = await adoptAttempt(rig.spec, attempt.process, first.last(), rig.watcher().deps);
  puppet.end({ do: 'exit', code: 0 });
  await adopted.settled;
  expect(await numbersOf(rig)).toEqual(upTo(10));
});

test('a later process with the pid of the worker is not taken for it', async () => {
  const { rig, owner, puppet, worker } = await owned();
  await kill(owner);
  const stranger: ProcessId = { ...worker, startTime: '1' };
  const ended = exitOf(rig);
  puppet.end({ do: 'exit', code: 0 });
  await ended;
  // The shim itself ends a moment after its note.
  await expect.poll(() => isAlive(worker)).toBe(false);
  const own: ProcessId = { ...stranger, pid: process.pid };
  const adopted = await adoptAttempt(rig.spec, own, null, rig.watcher().deps);
  adopted.stop('force');
  expect((await settledOf(adopted.settled)).goneProcesses).toEqual([own]);
});

/** Resolves when the shim has noted the end of the worker. */
async function exitOf(rig: Rig): Promise<void> {
  const changes = watch(rig.folder);
  for await (const change of changes) {
    if (change.filename === 'exit.json') return;
  }
}
