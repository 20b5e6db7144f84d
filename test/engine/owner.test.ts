import { execa } from 'execa';
import { existsSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { RunEvent } from '../../src/core/event.ts';
import type { Run } from '../../src/core/run.ts';
import { processesIn } from '../e2e/processes.ts';
import { aNode, aRunSpec } from '../core/build.ts';
import { review, writes } from '../e2e/rig.ts';
import { createRecorder } from '../../src/engine/recorder.ts';
import { noSpend } from '../../src/core/spend.ts';
import { folderKey } from '../../src/supervisor/marker.ts';
import { temporaryFolderOf } from '../../src/supervisor/temporary-folder.ts';
import { systemClock } from '../../src/platform/clock.ts';
import { aHouse, hearing, until, untilFile, writer, type House } from './house.ts';

const is =
  (type: RunEvent['type'], node: string) =>
  (event: RunEvent): boolean =>
    event.type === type && 'node' in event && event.node === node;

const statusOf = (run: Run, node: string) => run.nodes.get(node)?.state.status;

const put = (house: House, file: string) => writeFile(join(house.folder, file), '');

test('a landing that was not written down is found again before another node lands', async () => {
  const house = await aHouse();
  const isHeld = {
    gate: 'command' as const,
    // Alone it passes at once; merged with what landed before it waits.
    command: `test ! -e third.txt || { touch ../../../../../merging; ${untilFile('go')}; }`,
    timeoutMs: null,
  };
  const runId = await house.create({
    nodes: [
      writer('first', `${untilFile('merging')}; echo 1 > first.txt`),
      writer('second', `${untilFile('third-landed')}; echo 2 > second.txt`, { gates: [isHeld] }),
      writer('third', 'echo 3 > third.txt'),
    ],
  });
  const onAppend = (events: readonly RunEvent[]): void => {
    if (events.some(is('node.landed', 'third'))) void put(house, 'third-landed');
    if (events.some(is('node.verified', 'first'))) void put(house, 'go');
  };
  const dies = { when: 'before' as const, at: is('node.landed', 'second') };
  expect(await house.own(runId, { dies, onAppend })).toBe('died');
  expect(await house.own(runId)).toBe('ended');
  const run = house.run(runId);
  expect([...run.nodes.keys()].map((name) => statusOf(run, name))).toEqual([
    'verified',
    'verified',
    'verified',
  ]);
  expect(await house.git('ls-tree', '--name-only', 'main')).toBe(
    'README.md\nfirst.txt\nsecond.txt\nthird.txt',
  );
});

test('what a gate has found is not forgotten when the attempt that mends it is lost', async () => {
  const house = await aHouse();
  const gates = [{ gate: 'command' as const, command: 'grep -q right one.txt', timeoutMs: null }];
  const runId = await house.create({
    nodes: [
      writer('one', 'said=wrong; test -e one.txt && said=right; echo $said >> one.txt', {
        gates,
      }),
    ],
  });
  const dies = {
    when: 'after' as const,
    at: (event: RunEvent) => event.type === 'attempt.started' && event.attempt === 2,
  };
  expect(await house.own(runId, { dies })).toBe('died');
  expect(await house.own(runId)).toBe('ended');
  const lost = house
    .events(runId)
    .find((event) => event.type === 'node.returned' && event.cause === 'lost');
  expect(lost).toMatchObject({ findings: [{ title: expect.stringContaining('grep -q right') }] });
  expect(await house.git('show', 'main:one.txt')).toBe('wrong\nright');
});

test('a worker that was started by an owner who is not it any more is ended', async () => {
  const house = await aHouse();
  const runId = await house.create({
    nodes: [writer('one', 'if test "$MO_ATTEMPT_NO" = 1; then sleep 600; fi; echo 1 > one.txt')],
  });
  let isFirst = true;
  // Between the start of the worker and the note of it another owner finds the attempt without a worker and gives it up.
  const onAppend = (events: readonly RunEvent[]): void => {
    if (!isFirst || !events.some(is('attempt.spawned', 'one'))) return;
    isFirst = false;
    giveUp(house, runId);
  };
  await house.own(runId, { onAppend });
  expect(await processesIn(house.folder)).toEqual([]);
  expect(await house.own(runId)).toBe('ended');
  expect(await house.git('show', 'main:one.txt')).toBe('1');
});

function giveUp({ store, run }: House, runId: string): void {
  const holder = { bootId: 'another boot', pid: 3_999_999, startTime: '1' };
  const now = systemClock.now();
  const epoch = store.claimLease({ runId, holder, ttlMs: 1_000, now, isAlive: () => false });
  if (epoch === null) throw new Error('the run is held');
  const { now: clock } = systemClock;
  const recorder = createRecorder({
    run: run(runId),
    epoch,
    store,
    now: clock,
    onRecorded: () => undefined,
  });
  const at = { node: 'one', attempt: 1 };
  const ending = {
    class: 'lost' as const,
    message: 'lost',
    exitCode: null,
    signal: null,
    session: null,
    model: null,
    spend: noSpend,
    resetsAt: null,
  };
  recorder.record([
    { type: 'attempt.ended', ...at, ending, handoff: null },
    {
      type: 'node.returned',
      ...at,
      cause: 'lost',
      message: 'lost',
      findings: [],
      notBefore: 0,
      counts: false,
      exclude: null,
      carry: null,
    },
  ]);
}

test('a worker whose provider is gone is ended, and so is its attempt, not the owner', async () => {
  const house = await aHouse();
  await house.script({ one: [{ do: 'hang' }] });
  const runId = await house.create({
    nodes: [aNode('one', { provider: 'scripted', retries: 0 })],
  });
  const dies = { when: 'after' as const, at: is('attempt.spawned', 'one') };
  expect(await house.own(runId, { dies })).toBe('died');
  expect(await house.own(runId, { providers: [] })).toBe('ended');
  expect(house.run(runId).status).toMatchObject({ outcome: 'failed' });
  expect(await processesIn(house.folder)).toEqual([]);
});

test('the temp folder of a worker that could not be adopted goes with its run', async () => {
  const house = await aHouse();
  await house.script({ one: [{ do: 'hang' }] });
  const runId = await house.create({ nodes: [aNode('one', { provider: 'scripted', retries: 0 })] });
  const dies = { when: 'after' as const, at: is('attempt.spawned', 'one') };
  expect(await house.own(runId, { dies })).toBe('died');
  const folder = temporaryFolderOf(house.store.paths.attemptFolder(runId, 'one', 1), undefined);
  expect(existsSync(folder)).toBe(true);
  expect(await house.own(runId, { providers: [] })).toBe('ended');
  expect(existsSync(folder)).toBe(false);
});

test('a worker that removes its worktree has not done its work', async () => {
  const house = await aHouse();
  const runId = await house.create({
    nodes: [
      writer('one', 'if test "$MO_ATTEMPT_NO" = 1; then rm -rf "$PWD"; else echo 1 > one.txt; fi'),
    ],
  });
  await house.own(runId);
  const [returned] = house.events(runId).filter((event) => event.type === 'node.returned');
  expect(returned).toMatchObject({
    findings: [{ title: expect.stringContaining('worktree is gone') }],
  });
  expect(await house.git('show', 'main:one.txt')).toBe('1');
});

test('a reader that wrote is refused, and its next attempt finds nothing of it', async () => {
  const house = await aHouse();
  const runId = await house.create({
    nodes: [
      writer(
        'one',
        'echo $(ls) >> ../../../../../seen; test "$MO_ATTEMPT_NO" = 2 || echo x > sneaky',
        {
          write: false,
          scope: null,
        },
      ),
    ],
  });
  await house.own(runId);
  expect(house.run(runId).status).toMatchObject({ outcome: 'succeeded' });
  expect(await house.lines('seen')).toEqual(['README.md', 'README.md']);
});

test('a worktree that cannot be parked is told of, and the run ends all the same', async () => {
  const house = await aHouse();
  // A ref where mo wants a folder of refs.
  const inTheWay = 'git update-ref "refs/mo/parked/$(basename "$(dirname "$PWD")")/one" HEAD';
  const runId = await house.create({
    nodes: [
      writer('one', `${inTheWay}; echo half > one.txt; touch ../../../../../half; sleep 600`),
    ],
  });
  const owned = house.own(runId);
  await until(() => house.exists('half'));
  house.store.sendSignal(runId, { kind: 'stop', node: null, force: true });
  expect(await owned).toBe('ended');
  expect(house.run(runId).status).toMatchObject({ outcome: 'stopped' });
  expect(house.log.join('\n')).toMatch(/one: its worktree is kept/);
});

/** Notes the signal instead of ending. */
const trap = (signal: string) => `trap 'touch ../../../../../${signal}' ${signal}`;

test('a second stop with force does not wait for the first one', async () => {
  const house = await aHouse();
  const runId = await house.create({
    nodes: [writer('one', `${trap('INT')}; ${trap('TERM')}; while :; do sleep 0.1; done`)],
  });
  const spawned = hearing(is('attempt.spawned', 'one'));
  const owned = house.own(runId, spawned);
  await spawned.happened;
  await until(() => house.exists('ran'));
  house.store.sendSignal(runId, { kind: 'stop', node: null, force: false });
  await until(() => house.exists('INT'));
  house.store.sendSignal(runId, { kind: 'stop', node: null, force: true });
  await owned;
  expect(house.run(runId).status).toMatchObject({ outcome: 'stopped' });
  expect(await house.exists('TERM')).toBe(false);
});

test('a stop ends the set-up of a worktree with all that runs in it, and starts no worker', async () => {
  const house = await aHouse();
  // The second process leaves the group of the first, and neither heeds a request.
  const stubborn = `trap '' TERM; setsid sh -c "trap '' TERM; touch ../../../../../setting-up; sleep 600" & sleep 600`;
  const runId = await house.create({
    settings: { worktrees: { setup: [stubborn] } },
    nodes: [writer('one', 'echo 1 > one.txt')],
  });
  const owned = house.own(runId);
  await until(() => house.exists('setting-up'));
  house.store.sendSignal(runId, { kind: 'stop', node: 'one', force: false });
  expect(await owned).toBe('ended');
  expect(statusOf(house.run(runId), 'one')).toBe('stopped');
  expect(await house.lines('ran')).toEqual([]);
  expect(await processesIn(house.folder)).toEqual([]);
});

test('what an owner that died left of a set-up is ended before it is done again', async () => {
  const house = await aHouse();
  const runId = await house.create({
    settings: { worktrees: { setup: ['true'] } },
    nodes: [writer('one', 'echo 1 > one.txt')],
  });
  const folder = house.store.paths.worktree(runId, 'one');
  const left = execa('sleep', ['600'], {
    reject: false,
    env: { MO_ATTEMPT: `set-up/${folderKey(folder)}` },
  });
  expect(await house.own(runId)).toBe('ended');
  expect(house.run(runId).status).toMatchObject({ outcome: 'succeeded' });
  expect(await left).toMatchObject({ signal: 'SIGTERM' });
});

test('a set-up sees no keys', async () => {
  const house = await aHouse();
  Object.assign(house.engine.env, { ANTHROPIC_API_KEY: 'sk-secret', TMPDIR: house.folder });
  const runId = await house.create({
    settings: { worktrees: { setup: ['env > ../../../../../seen'] } },
    nodes: [writer('one', 'echo 1 > one.txt')],
  });
  await house.own(runId);
  const seen = await house.lines('seen');
  expect(seen).toContain(`HOME=${house.folder}`);
  expect(seen.join()).not.toContain('sk-secret');
});

test('a set-up that fails ends the attempt and is told from its error on, with its end', async () => {
  const usage = 'for i in $(seq 300); do echo "--flag-$i"; done; echo "--last-flag"';
  const house = await aHouse();
  const runId = await house.create({
    settings: {
      worktrees: { setup: ['true', `echo hello; echo 'npm error no lock file'; ${usage}; exit 3`] },
    },
    nodes: [writer('one', 'echo 1 > one.txt', { retries: 0 })],
  });
  expect(await house.own(runId)).toBe('ended');
  expect(house.run(runId).status).toMatchObject({
    reason: expect.stringMatching(
      /exit 3` ended with 3: npm error no lock file\n(.|\n)*--last-flag/,
    ),
  });
});

test('a stop with force does not wait for a gate; a friendly one does', async () => {
  const gates = [
    {
      gate: 'command' as const,
      command: `touch ../../../../../gating; ${untilFile('go')}`,
      timeoutMs: null,
    },
  ];
  for (const force of [true, false]) {
    const house = await aHouse();
    const runId = await house.create({ nodes: [writer('one', 'echo 1 > one.txt', { gates })] });
    const stopping = hearing((event) => event.type === 'run.stopping');
    const owned = house.own(runId, stopping);
    await until(() => house.exists('gating'));
    house.store.sendSignal(runId, { kind: 'stop', node: null, force });
    await stopping.happened;
    if (!force) await put(house, 'go');
    await owned;
    expect(statusOf(house.run(runId), 'one')).toBe(force ? 'stopped' : 'verified');
    expect(await processesIn(house.repo)).toEqual([]);
  }
});

test('a run whose review a person stops ends when the workers beside it are gone', async () => {
  const house = await aHouse();
  const finding = review({ title: 'wrong', file: 'one.txt' });
  await house.script({ review: finding });
  const runId = await house.create({
    maxCycles: 1,
    nodes: [
      aNode('review', { provider: 'scripted', role: 'review', emit: 'review' }),
      aNode('again', { provider: 'scripted', role: 'review', emit: 'review', needs: [] }),
      writer('slow', 'touch ../../../../../slow; sleep 600'),
    ],
  });
  await house.script({
    review: finding,
    again: finding,
    'fix-*': writes('one.txt', '1\n'),
    'review-*': finding,
  });
  const asked = hearing((event) => event.type === 'run.asked');
  const owned = house.own(runId, asked);
  await asked.happened;
  await until(() => house.exists('slow'));
  const [request] = house.run(runId).requests;
  house.store.sendSignal(runId, {
    kind: 'answer',
    request: request?.id ?? '',
    choice: 'stop',
    text: '',
  });
  await owned;
  const events = house.events(runId);
  const end = events.findIndex((event) => event.type === 'run.finished');
  expect(events[end]).toMatchObject({ outcome: 'failed' });
  expect(end).toBe(events.length - 1);
  expect(statusOf(house.run(runId), 'slow')).toBe('stopped');
});

test("a workflow's own nodes keep their names when a review adds others", async () => {
  const house = await aHouse();
  await house.script({
    review: review({ title: 'wrong', file: 'one.txt' }),
    'fix-1-2': writes('one.txt', '1\n'),
    'review-3': review(),
  });
  const runId = await house.create({
    defaults: { ...aRunSpec([]).defaults, provider: 'scripted' },
    nodes: [
      writer('fix-1-1', 'echo own > fix-1-1.txt'),
      writer('review-2', 'echo own > review-2.txt'),
      aNode('review', {
        provider: 'scripted',
        role: 'review',
        emit: 'review',
        needs: ['fix-1-1', 'review-2'],
      }),
    ],
  });
  expect(await house.own(runId)).toBe('ended');
  const run = house.run(runId);
  expect([...run.nodes.keys()]).toEqual(['fix-1-1', 'review-2', 'review', 'fix-1-2', 'review-3']);
  expect(run.status).toMatchObject({ outcome: 'succeeded' });
  expect(await house.git('ls-tree', '--name-only', 'main')).toBe(
    'README.md\nfix-1-1.txt\none.txt\nreview-2.txt',
  );
});

test('a merge that was not written down is found again, even in a checkout that is dirty by now', async () => {
  const house = await aHouse();
  const runId = await house.create({ nodes: [writer('one', 'echo 1 > one.txt')] });
  const dies = { when: 'before' as const, at: (event: RunEvent) => event.type === 'run.landed' };
  expect(await house.own(runId, { dies })).toBe('died');
  await writeFile(join(house.repo, 'README.md'), 'changed\n');
  expect(await house.own(runId)).toBe('ended');
  expect(house.run(runId).landed).toMatchObject({ how: 'merge', target: 'main' });
});
