import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdir, readFile } from 'node:fs/promises';
import { afterEach, expect, test } from 'vitest';
import type { ProcessId } from '../../src/core/worker.ts';
import { systemClock } from '../../src/platform/clock.ts';
import { newId } from '../../src/platform/ids.ts';
import { identify, isAlive } from '../../src/platform/process-identity.ts';
import {
  endTree,
  findLeader,
  markerVariable,
  treeMembers,
} from '../../src/platform/process-tree.ts';

const clock = systemClock;
const markers: string[] = [];

afterEach(async () => {
  for (const marker of markers.splice(0))
    await endTree({ leader: null, marker }, { clock, asks: [] });
});

/** A shell in a group of its own; resolves with its identity when the script has printed a line. */
async function startTree(script: string, marker = newMarker()) {
  const child = spawn('sh', ['-c', script], {
    detached: true,
    stdio: ['ignore', 'pipe', 'ignore'],
    env: { PATH: process.env['PATH'] ?? '', [markerVariable]: marker },
  });
  const [printed] = await once(child.stdout, 'data');
  const leader = identify(child.pid ?? 0);
  if (leader === null) throw new Error('the shell is not there');
  const [own = ''] = marker.split(' ').slice(-1);
  return { leader, marker: own, printed: String(printed).trim().split('\n').map(Number) };
}

function newMarker(): string {
  const marker = `test/${newId()}`;
  markers.push(marker);
  return marker;
}

const pidsOf = (ids: readonly ProcessId[]): number[] =>
  ids.map((id) => id.pid).toSorted((left, right) => left - right);

async function sleepersOf(length: string): Promise<string[]> {
  const names = (await readdir('/proc')).filter((name) => /^[0-9]+$/.test(name));
  const lines = await Promise.all(
    names.map((name) => readFile(`/proc/${name}/cmdline`, 'latin1').catch(() => '')),
  );
  return lines.filter((one) => one === `sleep\0${length}\0`);
}

test('a group that goes when it is asked is not killed', async () => {
  const tree = await startTree('trap "exit 0" TERM; echo ready; while :; do sleep 0.05; done');
  const began = clock.monotonic();
  const ended = await endTree(tree, { clock, asks: [{ signal: 'SIGTERM', waitMs: 20_000 }] });
  expect(ended.survivors).toEqual([]);
  expect(ended.gone).toContainEqual(tree.leader);
  expect(clock.monotonic() - began).toBeLessThan(10_000);
});

test('a group that ignores every request is killed after its grace', async () => {
  const tree = await startTree('trap "" TERM INT; echo ready; while :; do sleep 0.05; done');
  const began = clock.monotonic();
  const asks = [
    { signal: 'SIGINT' as const, waitMs: 150 },
    { signal: 'SIGTERM' as const, waitMs: 150 },
  ];
  const ended = await endTree(tree, { clock, asks });
  expect(clock.monotonic() - began).toBeGreaterThanOrEqual(300);
  expect(ended.survivors).toEqual([]);
  expect(isAlive(tree.leader)).toBe(false);
});

test('members that left the group are found by the marker, when the leader is gone too', async () => {
  const script = 'setsid sh -c "echo \\$\\$; exec sleep 600" & sleep 0.2; kill -9 $$';
  const tree = await startTree(script);
  await expect.poll(() => isAlive(tree.leader)).toBe(false);
  expect(pidsOf(treeMembers(tree))).toEqual(tree.printed);
  const ended = await endTree(tree, { clock, asks: [] });
  expect(pidsOf(ended.gone)).toEqual([...tree.printed, tree.leader.pid].toSorted((a, b) => a - b));
});

test('members of the group that took their marker off are ended with it', async () => {
  const tree = await startTree(
    `env -u ${markerVariable} sh -c 'trap "" TERM; echo $$; while :; do sleep 0.05; done' & wait`,
  );
  const ended = await endTree(tree, { clock, asks: [{ signal: 'SIGTERM', waitMs: 100 }] });
  expect(pidsOf(ended.gone)).toContain(tree.printed[0]);
});

test('what is born while its parents are killed does not get away', async () => {
  // A chain: every link leaves a sleeper behind, starts the next link in a session of its own, and ends. Bounded, should it get away.
  const link =
    'N=$((N+1)); export N; [ $N -gt 150 ] && exit; setsid sleep 30 & sleep 0.02; setsid sh -c "$LINK" & exit';
  const tree = await startTree(`LINK='${link}'; export LINK; echo ready; sh -c "$LINK"; sleep 600`);
  await expect.poll(() => treeMembers(tree).length).toBeGreaterThan(6);
  const ended = await endTree(tree, { clock, asks: [] });
  expect(ended.survivors).toEqual([]);
  expect(treeMembers({ leader: null, marker: tree.marker })).toEqual([]);
});

test('what is born without a mark while its parent is looked for does not get away', async () => {
  // Unlike any other sleep, so that it can be found without the marker. Bounded, should some get away.
  const length = `20.${process.pid}${markers.length}`;
  const script = `N=0; while [ $N -lt 2000 ]; do N=$((N+1)); env -u ${markerVariable} setsid sleep ${length} & [ $N = 20 ] && echo ready; done`;
  const tree = await startTree(script);
  const ended = await endTree(tree, { clock, asks: [] });
  expect(ended.survivors).toEqual([]);
  expect(await sleepersOf(length)).toEqual([]);
});

test('one look that finds nobody proves nothing', async () => {
  const marker = newMarker();
  const born: ProcessId[] = [];
  const whileWaiting = async (ms: number): Promise<void> => {
    if (born.length === 0)
      born.push((await startTree('echo ready; exec sleep 600', marker)).leader);
    await clock.sleep(ms);
  };
  const ended = await endTree(
    { leader: null, marker },
    { clock: { ...clock, sleep: whileWaiting }, asks: [] },
  );
  expect(born).toHaveLength(1);
  expect(ended).toEqual({ gone: born, survivors: [] });
});

test('another tree is left alone', async () => {
  const one = await startTree('echo ready; exec sleep 600');
  const other = await startTree('echo ready; exec sleep 600');
  await endTree(one, { clock, asks: [] });
  expect(isAlive(one.leader)).toBe(false);
  expect(isAlive(other.leader)).toBe(true);
});

test('a marker that only begins like another one is another one', async () => {
  const marker = newMarker();
  const longer = `${marker}0`;
  markers.push(longer);
  const other = await startTree('echo ready; exec sleep 600', longer);
  await endTree({ leader: null, marker }, { clock, asks: [] });
  expect(isAlive(other.leader)).toBe(true);
});

test('a tree within a tree ends with the outer one, and is led by its own leader', async () => {
  const outer = newMarker();
  const inner = newMarker();
  const tree = await startTree('echo ready; exec sleep 600', `${outer} ${inner}`);
  expect(findLeader(inner)).toEqual(tree.leader);
  expect(findLeader(outer)).toBeNull();
  await endTree({ leader: null, marker: outer }, { clock, asks: [] });
  expect(isAlive(tree.leader)).toBe(false);
});

test('a process that has the pid of a leader that is long gone is never signalled', async () => {
  const stranger = await startTree('echo ready; exec sleep 600');
  const reused = { ...stranger.leader, startTime: '1' };
  const ended = await endTree(
    { leader: reused, marker: newMarker() },
    { clock, asks: [{ signal: 'SIGTERM', waitMs: 50 }] },
  );
  expect(ended).toEqual({ gone: [reused], survivors: [] });
  expect(isAlive(stranger.leader)).toBe(true);
});

test('whoever is in a hurry does not wait for the grace', async () => {
  const tree = await startTree('trap "" TERM; echo ready; while :; do sleep 0.05; done');
  const hurry = new AbortController();
  const began = clock.monotonic();
  const ending = endTree(tree, {
    clock,
    asks: [{ signal: 'SIGTERM', waitMs: 60_000 }],
    hurry: hurry.signal,
  });
  hurry.abort();
  expect((await ending).survivors).toEqual([]);
  expect(clock.monotonic() - began).toBeLessThan(10_000);
});

test('an ending that is called off kills nobody', async () => {
  const tree = await startTree('trap "" TERM; echo ready; while :; do sleep 0.05; done');
  const off = new AbortController();
  const ending = endTree(tree, {
    clock,
    asks: [{ signal: 'SIGTERM', waitMs: 60_000 }],
    signal: off.signal,
  });
  off.abort();
  expect((await ending).survivors).toContainEqual(tree.leader);
  expect(isAlive(tree.leader)).toBe(true);
});
