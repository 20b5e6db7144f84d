import { mkdir, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { final, makeRig, plan, planned, review, writes, done, type Rig } from './rig.ts';
import { processesIn } from './processes.ts';

let rig: Rig;
beforeEach(async () => {
  rig = await makeRig();
});
afterEach(() => rig.end());

async function start(goal: string): Promise<string> {
  const said = await rig.mo(['do', goal, '--provider', 'scripted', '--yes', '--detach', '--json']);
  const answer = said.json;
  if (
    typeof answer !== 'object' ||
    answer === null ||
    !('run_id' in answer) ||
    typeof answer.run_id !== 'string'
  )
    throw new Error(said.stderr);
  return answer.run_id;
}

const isRunning = (node: string) => (poll: { lines?: string[] | undefined }) =>
  (poll.lines ?? []).some(
    (line) => line.startsWith(`${node} running`) && /working|until test/.test(line),
  );

test('kill -9 of the owner in mid-work loses nothing: the worker is adopted, its result is used, it ran once', async () => {
  await rig.script({
    plan: plan(planned('one', ['one.txt'])),
    one: [
      { do: 'append', path: 'one.txt', text: 'ran\n' },
      { do: 'say', text: 'working' },
      { do: 'shell', command: 'until test -e ../../../../go; do sleep 0.05; done' },
      done,
    ],
    review: review(),
  });
  const runId = await start('survive');
  await rig.pollUntil(runId, isRunning('one'));
  process.kill(await rig.ownerOf(runId), 'SIGKILL');
  const polled = rig.pollUntil(runId, (poll) => poll.state === 'succeeded');
  await rig.write('go', '');
  await polled;
  expect(await rig.git('show', `mo/${runId}:one.txt`)).toBe('ran');
  const log = await rig.read(`.agent-workspace/runs/${runId}/owner.log`);
  expect(log).toContain('one attempt 1: adopted');
  expect(log).not.toContain('one attempt 2');
});

test('stop in mid-work leaves no process, not even one that left the group and ignores signals; finished work stays', async () => {
  await rig.script({
    plan: plan(planned('first', ['first.txt']), planned('one', ['one.txt'], { needs: ['first'] })),
    first: writes('first.txt', '1'),
    one: [
      { do: 'ignore', signals: ['SIGINT', 'SIGTERM'] },
      { do: 'grandchild', detached: true, ms: 600_000 },
      { do: 'say', text: 'working' },
      { do: 'hang' },
    ],
    review: review(),
  });
  const runId = await start('stop me');
  await rig.pollUntil(runId, isRunning('one'));
  expect((await processesIn(rig.folder)).length).toBeGreaterThan(1);
  const stopped = await rig.mo(['stop', runId, '--force', '--json']);
  expect(stopped.exitCode).toBe(0);
  const end = await rig.pollUntil(runId, (poll) => poll.state === 'stopped');
  expect(end.counts).toMatchObject({ stopped: expect.any(Number) });
  expect(await rig.git('show', `mo/${runId}:first.txt`)).toBe('1');
  expect(await processesIn(rig.folder, runId)).toEqual([]);
});

test('a worker that dies is tried again; one that says nothing any more is stopped by its time limit', async () => {
  await rig.script({
    plan: plan(planned('one', ['one.txt']), planned('two', ['two.txt'])),
    one: [[{ do: 'crash' }], writes('one.txt', '1')],
    two: [[{ do: 'say', text: 'working' }, { do: 'hang' }], writes('two.txt', '2')],
    review: review(),
  });
  const said = await rig.mo([
    'do',
    'be stubborn',
    '--provider',
    'scripted',
    '--yes',
    '--json',
    '--timeout',
    '3s',
  ]);
  const { nodes } = final(said);
  expect(nodes.filter((node) => node.attempts === 2).map((node) => node.name)).toEqual([
    'one',
    'two',
  ]);
  expect(said.exitCode).toBe(0);
});

test('a quota closes the lane and the run goes on by itself after the reset', async () => {
  await rig.script({
    plan: plan(planned('one', ['one.txt'])),
    one: [[{ do: 'quota', resetsInMs: 1_500 }], writes('one.txt', '1')],
    review: review(),
  });
  const said = await rig.mo(['do', 'hit the wall', '--provider', 'scripted', '--yes', '--json']);
  expect(final(said).state).toBe('succeeded');
  expect(await rig.read(`.agent-workspace/runs/${final(said).run_id}/owner.log`)).toContain(
    'one attempt 1: quota',
  );
});

/** A run whose one writer is being gated when its owner dies; the command of the gate goes on. */
async function diesInGate() {
  const temporary = join(rig.folder, 'tmp');
  await mkdir(temporary);
  const env = { TMPDIR: temporary };
  const gate = 'echo >> "$HOME/gates"; until test -e "$HOME/go"; do sleep 0.05; done';
  await rig.script({
    plan: plan(planned('one', ['one.txt'], { gates: [{ command: gate }] })),
    one: writes('one.txt', '1'),
    review: review(),
  });
  const flags = ['--provider', 'scripted', '--yes', '--detach', '--json', '--gate', gate];
  const said = await rig.mo(['do', 'gate', ...flags], { env });
  expect(said).toMatchObject({ exitCode: 0 });
  const runId = 'r-1-gate';
  const hasBegun = () => rig.read('../gates').then(Boolean, () => false);
  await expect.poll(hasBegun, { timeout: 60_000 }).toBe(true);
  process.kill(await rig.ownerOf(runId), 'SIGKILL');
  return { runId, env, left: () => readdir(temporary) };
}

test('what an owner that died in the middle of a gate has left is gone when the run is over', async () => {
  const { runId, env, left } = await diesInGate();
  expect(await left()).not.toEqual([]);
  await rig.mo(['poll', runId, '--wait-s', '0'], { env });
  await rig.write('../go', '');
  await rig.pollUntil(runId, ({ state }) => state === 'succeeded');
  expect(await left()).toEqual([]);
});

test('a run that is stopped at once leaves no command of a gate whose owner had died', async () => {
  const { runId, env, left } = await diesInGate();
  expect(await processesIn(rig.folder)).not.toEqual([]);
  await rig.mo(['stop', runId, '--force', '--json'], { env });
  await rig.pollUntil(runId, ({ state }) => state === 'stopped');
  await expect.poll(() => processesIn(rig.folder, runId), { timeout: 60_000 }).toEqual([]);
  expect(await left()).toEqual([]);
});
