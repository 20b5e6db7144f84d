import { writeFile } from 'node:fs/promises';
import { expect, onTestFinished, test } from 'vitest';
import { exitCodeOfRun } from '../../src/cli/finish.ts';
import { isSettled } from '../../src/cli/follow.ts';
import { takePicture } from '../../src/operations/take-picture.ts';
import { poll } from '../../src/operations/poll.ts';
import { aNode } from '../core/build.ts';
import { makeRig } from '../e2e/rig.ts';
import { writer, type House } from '../engine/house.ts';
import { anOwnedRun } from './owned-run.ts';

const statusOf = (house: House, runId: string, node: string) =>
  house.run(runId).nodes.get(node)?.state.status;

test('retry answers what it takes back, and the run waits to be resumed', async () => {
  const { control, settled, context, runId } = await anOwnedRun(
    writer('one', 'echo 1 > one.txt'),
    writer('two', 'echo 2 > two.txt', { needs: ['one'] }),
    writer('aside', 'echo 1 > aside.txt'),
  );
  expect(await settled()).toBe('succeeded');
  expect(await control('retry', 'one')).toEqual({
    run_id: runId,
    action: 'retry',
    state: 'needs_rerun',
    done: true,
    nodes: [
      { node: 'one', status: 'waiting' },
      { node: 'two', status: 'waiting' },
    ],
    invalidated: ['one', 'two'],
    dropped: [],
    next: `workflow_control {run_id: "${runId}", action: "resume"}`,
  });
  const picture = await takePicture(context, runId);
  expect([picture.state, isSettled(picture), exitCodeOfRun(picture)]).toEqual([
    'needs_rerun',
    true,
    1,
  ]);
  expect(await poll.run({ run_id: runId, wait_s: 0, detail: 'summary' }, context)).toMatchObject({
    state: 'needs_rerun',
    reason: 'one is to be done again: a person asked for it again',
    next: expect.stringContaining('resume'),
  });
  expect(await control('retry', 'one')).toMatchObject({ done: true, invalidated: [] });
  expect(await control('resume')).toMatchObject({ done: true });
  expect(await settled()).toBe('succeeded');
  await expect(control('resume')).rejects.toThrow(/is succeeded; that needs a run that is paused/);
});

test('what is to be done again cannot be paused, and is not called what it was', async () => {
  const { control, settled } = await anOwnedRun(writer('one', 'echo 1 > one.txt'));
  expect(await settled()).toBe('succeeded');
  await expect(control('pause')).rejects.toThrow(/ is succeeded; .*See how it ended/);
  expect(await control('retry', 'one')).toMatchObject({ state: 'needs_rerun' });
  await expect(control('pause')).rejects.toThrow(
    / is needs_rerun; .*until: workflow_control \{run_id: "r-[^"]*", action: "resume"\}/,
  );
});

test('two retries at once are both answered, and done once', async () => {
  const { house, runId, control, settled } = await anOwnedRun(writer('one', 'echo 1 > one.txt'));
  await settled();
  const both = await Promise.all([control('retry', 'one'), control('retry', 'one')]);
  expect(both.map(({ done, state }) => [done, state])).toEqual([
    [true, 'needs_rerun'],
    [true, 'needs_rerun'],
  ]);
  const events = house.events(runId).filter(({ type }) => type === 'nodes.invalidated');
  expect(events).toHaveLength(1);
});

test('approve lets an approval node pass once, and not again', async () => {
  const { house, runId, control, settled } = await anOwnedRun(
    aNode('accept', { kind: 'approval', task: 'Release?' }),
    writer('one', 'echo 1 > one.txt', { needs: ['accept'] }),
  );
  expect(await settled()).toBe('needs');
  expect(await control('approve', 'accept', { text: 'go' })).toMatchObject({
    done: true,
    nodes: [{ node: 'accept', status: 'verified' }],
  });
  expect(await settled()).toBe('succeeded');
  await expect(control('approve', 'accept')).rejects.toThrow(
    /Node accept of .* is verified; that needs one that waits for a yes/,
  );
  await control('retry', 'accept');
  await control('resume');
  // The old yes is not the answer to the new question.
  expect(await settled()).toBe('needs');
  expect(await control('reject', 'accept', { text: 'too early' })).toMatchObject({ done: true });
  expect(await settled()).toBe('failed');
  expect(statusOf(house, runId, 'one')).toBe('blocked');
});

test('a paused run says so, keeps its exit code, and goes on when it is resumed', async () => {
  const { house, runId, context, control, settled } = await anOwnedRun(
    aNode('accept', { kind: 'approval', task: 'Release?' }),
    writer('one', 'echo 1 > one.txt', { needs: ['accept'] }),
  );
  await settled();
  expect(await control('pause')).toMatchObject({ done: true, state: 'paused' });
  expect(await control('pause')).toMatchObject({ done: true, state: 'paused' });
  const picture = await takePicture(context, runId);
  expect([isSettled(picture), exitCodeOfRun(picture)]).toEqual([true, 3]);
  await control('approve', 'accept');
  expect(await settled()).toBe('paused');
  expect(statusOf(house, runId, 'accept')).toBe('waiting');
  await control('resume');
  expect(await settled()).toBe('succeeded');
});

test('what cannot be is refused with the node, its state and what to do', async () => {
  const { house, runId, control, settled } = await anOwnedRun(
    writer('builder', 'until test -e ../../../../../go; do sleep 0.05; done; echo 1 > builder.txt'),
  );
  await expect(control('retry', 'bulider')).rejects.toThrow(
    /no node bulider.* Did you mean builder/,
  );
  await expect(control('retry')).rejects.toThrow(/retry is about one node, and none is named/);
  await expect(control('pause', 'builder')).rejects.toThrow(/pause is about the whole run/);
  await expect(control('approve')).rejects.toThrow(/needs a run that is waiting for a yes/);
  const ended = settled();
  while (statusOf(house, runId, 'builder') !== 'running')
    await house.store.waitForPulse(runId, {
      signal: new AbortController().signal,
      timeoutMs: 1_000,
    });
  await expect(control('retry', 'builder')).rejects.toThrow(
    /Node builder of .* is running; that needs one that has ended. Let it end, or stop it first/,
  );
  await expect(control('skip', 'builder')).rejects.toThrow(/is running; that needs one that waits/);
  await writeFile(`${house.folder}/go`, '');
  expect(await ended).toBe('succeeded');
  await expect(control('pause')).rejects.toThrow(/is succeeded; that needs a run that is at work/);
  await expect(control('skip', 'builder')).rejects.toThrow(/is verified/);
});

test('on the command line run, action and node are words', async () => {
  const rig = await makeRig();
  onTestFinished(rig.end);
  const said = await rig.mo(['workflow', 'control', 'r-9', 'retry', 'one']);
  expect([said.exitCode, said.stderr]).toEqual([2, expect.stringContaining('no run r-9')]);
  const wrong = await rig.mo(['workflow', 'control', 'r-9', 'redo']);
  expect([wrong.exitCode, wrong.stderr]).toEqual([2, expect.stringContaining('action')]);
});
