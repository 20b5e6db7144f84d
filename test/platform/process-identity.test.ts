import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { afterEach, expect, test } from 'vitest';
import { ageMs, identify, isAlive } from '../../src/platform/process-identity.ts';

const children: ChildProcess[] = [];

afterEach(() => {
  for (const child of children.splice(0)) child.kill('SIGKILL');
});

async function startChild(argv: readonly string[]): Promise<ChildProcess & { pid: number }> {
  const [file = '', ...rest] = argv;
  const child = spawn(file, rest, { stdio: ['pipe', 'pipe', 'ignore'] });
  children.push(child);
  await once(child, 'spawn');
  const { pid } = child;
  if (pid === undefined) throw new Error('no pid');
  return Object.assign(child, { pid });
}

test('a process is the same one as long as it lives, and gone afterwards', async () => {
  const child = await startChild(['sleep', '60']);
  const id = identify(child.pid);
  expect(id).not.toBeNull();
  expect(identify(child.pid)).toEqual(id);
  expect(id !== null && isAlive(id)).toBe(true);
  const ended = once(child, 'exit');
  child.kill('SIGKILL');
  await ended;
  expect(id !== null && isAlive(id)).toBe(false);
  expect(identify(child.pid)).toBeNull();
});

test('a pid that somebody else has now is not the process it once was', () => {
  const id = identify(process.pid);
  if (id === null) throw new Error('this process is not there');
  expect(isAlive(id)).toBe(true);
  expect(isAlive({ ...id, startTime: '1' })).toBe(false);
  expect(isAlive({ ...id, bootId: 'another boot' })).toBe(false);
});

test('a process that has ended but was not asked for yet does not live', async () => {
  // The shell becomes a program that never asks for its child.
  const parent = await startChild(['sh', '-c', 'sleep 60 >/dev/null & echo $!; exec sleep 60']);
  const [line] = await once(parent.stdout ?? parent, 'data');
  const id = identify(Number(String(line)));
  if (id === null) throw new Error('the child is not there');
  await expect.poll(() => readFileSync(`/proc/${parent.pid}/comm`, 'utf8').trim()).toBe('sleep');
  process.kill(id.pid, 'SIGKILL');
  await expect.poll(() => isAlive(id)).toBe(false);
  expect(identify(id.pid)).toEqual(id);
});

test('a name with spaces and parentheses does not shift what is read', async () => {
  const script = `process.title = 'a) S 1 (b'; process.stdout.write('ready');setInterval(() => {}, 1000);`;
  const child = await startChild([process.execPath, '-e', script]);
  const before = identify(child.pid);
  await once(child.stdout ?? child, 'data');
  expect(identify(child.pid)).toEqual(before);
});

test.runIf(process.platform === 'linux')(
  'the age of a process is how long it has lived',
  async () => {
    const child = await startChild(['sleep', '60']);
    const id = identify(child.pid);
    const own = identify(process.pid);
    if (id === null || own === null) throw new Error('the processes are not there');
    const age = ageMs(id);
    expect(age).toBeLessThan(10_000);
    expect(Math.abs((ageMs(own) ?? 0) - process.uptime() * 1000)).toBeLessThan(1000);
    expect(ageMs({ ...id, bootId: 'another boot' })).toBeNull();
  },
);
