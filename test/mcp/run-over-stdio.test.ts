import { expect, onTestFinished, test, vi } from 'vitest';
import { systemClock } from '../../src/platform/clock.ts';
import { isAlive } from '../../src/platform/process-identity.ts';
import { openStore } from '../../src/store/store.ts';
import { aController, connected, untilOver } from './controller.ts';

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
  expect((await controller.ask('verify', { run_id: runId })).data).toMatchObject({
    pass: true,
    next: `land {run_id: "${String(runId)}", how: "merge", confirm: true}`,
  });
  const landed = await controller.ask('land', { run_id: runId, how: 'merge', confirm: true });
  expect(landed.data).toMatchObject({ landed: true, target: 'main', refused: null });
  expect((await controller.git('show', 'main:a.txt')).stdout).toBe('two\n');
});

test('of a worker whose answer alone is wanted no other word is kept, but what it does is', async () => {
  const controller = await aController({
    '*': [
      { do: 'say', text: 'first I shall look around' },
      { do: 'shell', command: 'echo a deed' },
      { do: 'handoff', value: { status: 'pass', summary: 'looked', changed_files: [] } },
    ],
  });
  const started = await controller.ask('run', {
    task: 'Look',
    role: 'architecture',
    provider: 'scripted',
    output: { final_only: true },
  });
  const runId = started.data['run_id'];
  expect(await untilOver(controller, runId)).toMatchObject({ state: 'succeeded' });
  expect((await controller.ask('output', { run_id: runId, part: 'prompt' })).text).toContain(
    'Only your final answer is kept',
  );
  const log = (await controller.ask('output', { run_id: runId, part: 'log' })).text;
  expect(log).toContain('echo a deed');
  expect(log).not.toContain('look around');
});

test('a read-only server tells that nobody executes a run, and starts nobody', async () => {
  const controller = await aController({ '*': [{ do: 'hang' }] });
  const started = await controller.ask('run', { task: 'Hang', provider: 'scripted' });
  const runId = String(started.data['run_id']);
  const store = await openStore(controller.folder, { clock: systemClock });
  onTestFinished(store.close);
  const { holder, epoch } = store.leaseOf(runId);
  if (holder === null) throw new Error('nobody executes it');
  process.kill(holder.pid, 'SIGKILL');
  const looker = await connected(controller, ['--read-only']);
  await vi.waitFor(() => expect(isAlive(holder)).toBe(false));
  for (const asked of [{ run_id: runId, wait_s: 1 }, { wait_s: 0 }]) {
    const { data } = await looker.ask('poll', asked);
    expect(data['warning']).toContain(`mo resume ${runId}`);
  }
  expect(store.leaseOf(runId).epoch).toBe(epoch);
  expect((await controller.ask('stop', { run_id: runId })).data).toMatchObject({ done: true });
});
