import { expect, onTestFinished, test } from 'vitest';
import type { RunSpec } from '../../src/core/event.ts';
import { aMap, aRunSpec } from '../core/build.ts';
import { boundaryOf } from './crash/boundary.ts';
import { buildOwner } from './crash/build-owner.ts';
import { makeCrashRig, type CrashRig, type Death } from './crash/crash-rig.ts';
import { done } from './rig.ts';

const items = Array.from({ length: 30 }, (_, index) => `item${index + 1}`);
/** The wall stands longer than a new owner takes to come up. */
const [baseMs, resetsInMs] = [200, 4_000];

const spec: Partial<RunSpec> = {
  name: 'map',
  land: 'merge',
  concurrency: 8,
  defaults: { ...aRunSpec([]).defaults, provider: 'scripted' },
  settings: { retries: { backoff: { base: baseMs, factor: 2, max: 10_000 } } },
  nodes: [
    aMap('each', {
      over: JSON.stringify(items),
      concurrency: 4,
      item: {
        provider: 'scripted',
        write: true,
        scope: { allow: ['${item}.txt'], deny: [], maxDiffLines: null },
      },
    }),
  ],
};

/** Every real execution leaves a line outside of all worktrees. */
const start = { do: 'shell', command: 'echo "$MO_NODE" >> "$HOME/executions"' };
const writes = (name: string) => [{ do: 'write', path: `${name}.txt`, text: '1\n' }, done];

/** Done only the first time any worker comes here: what is left outside of the worktrees says so. */
const once = (file: string, first: unknown, later: readonly unknown[]) => ({
  do: 'when',
  exists: `../../../../../${file}`,
  // oxlint-disable-next-line unicorn/no-thenable -- steps of a script, never awaited.
  then: later,
  else: [{ do: 'shell', command: `touch "$HOME/${file}"` }, first],
});

const crash = { do: 'crash', how: 'kill' };
const scripts = {
  ...Object.fromEntries(
    items.map((name, index) => [`each-${index + 1}`, [start, ...writes(name)]]),
  ),
  'each-7': [start, once('first', crash, [once('second', crash, writes('item7'))])],
  'each-15': [start, once('wall', { do: 'quota', resetsInMs }, writes('item15'))],
};

const death = (text: string): Death => ({ at: boundaryOf(text), company: 'alone' });

async function mapRun(): Promise<CrashRig> {
  const owner = await buildOwner();
  onTestFinished(owner.remove);
  const rig = await makeCrashRig(owner.file, { spec, scripts });
  onTestFinished(rig.end);
  // In the middle of the map, at the wall, and near the end.
  const deaths = [
    death('before attempt.spawned each-10 1'),
    death('after attempt.ended each-15 1'),
    death('after node.landed each-25 1'),
  ];
  expect(await rig.live(deaths)).toBe(3);
  return rig;
}

test('a map of thirty items on four slots outlives three owners, a worker that dies twice and a quota', async () => {
  const { remains, store, runId } = await mapRun();
  const { state, executions, commits, left, unfolded, tree } = await remains();
  expect({ state, left, unfolded }).toEqual({ state: 'succeeded', left: [], unfolded: [] });
  const usual = Object.fromEntries(items.map((_, index) => [`each-${index + 1}`, 1]));
  expect(commits).toEqual(usual);
  // What was verified, or at work, when an owner died was not done again by the next.
  expect(executions).toEqual({ ...usual, 'each-7': 3, 'each-15': 2 });
  expect(tree.split('\n')).toHaveLength(items.length + 1);

  const events = store.readEvents(runId, 0, 100_000);
  const slots = events.flatMap(({ event }) =>
    event.type === 'attempt.started' ? [event.slot ?? null] : [],
  );
  expect([...new Set(slots)].toSorted((one, other) => Number(one) - Number(other))).toEqual([
    0, 1, 2, 3,
  ]);

  const pauses = events.flatMap(({ event, at }) =>
    event.type === 'node.returned' && event.node === 'each-7' ? [event.notBefore - at] : [],
  );
  expect(pauses.map((ms) => Math.round(ms / baseMs))).toEqual([1, 2]);
  const begun = (node: string) =>
    events.filter(({ event }) => event.type === 'attempt.started' && event.node === node);
  const returned = events.filter(
    ({ event }) => event.type === 'node.returned' && event.node === 'each-7',
  );
  returned.forEach(({ event, seq }) => {
    const next = begun('each-7').find((one) => one.seq > seq);
    const notBefore = event.type === 'node.returned' ? event.notBefore : 0;
    expect(next?.at).toBeGreaterThanOrEqual(notBefore);
  });

  const wall = events.find(({ event }) => event.type === 'lane.closed');
  const until = wall?.event.type === 'lane.closed' ? wall.event.until : 0;
  const behind = events.filter(
    ({ event, seq }) => event.type === 'attempt.started' && seq > (wall?.seq ?? 0),
  );
  expect(wall).toBeDefined();
  expect(behind.length).toBeGreaterThan(5);
  expect(behind.filter(({ at }) => at < until)).toEqual([]);
}, 600_000);
