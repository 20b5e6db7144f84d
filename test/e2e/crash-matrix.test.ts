import { afterAll, beforeAll, expect, test } from 'vitest';
import { boundaryOf, textOf, type Boundary } from './crash/boundary.ts';
import { buildOwner } from './crash/build-owner.ts';
import { placeOfCommit } from '../place-of-commit.ts';
import { runAlone, runKilling, runMatrix, type Alone, type Cut } from './crash/matrix.ts';

/** So many boundaries a test; `npm run soak -- boundaries` takes them all. */
const [boundaries, boundariesWithWorkers] = [7, 2];
const limitMs = 900_000;

let owner: Awaited<ReturnType<typeof buildOwner>>;
let alone: Alone;
beforeAll(async () => {
  owner = await buildOwner();
  alone = await runAlone(owner.file);
}, limitMs);
afterAll(() => owner.remove());

/** Evenly over the run, from a place that moves with every commit; or those of `MO_CRASH_AT`, separated by commas. */
async function choose(count: number): Promise<Boundary[]> {
  const asked = process.env['MO_CRASH_AT'] ?? '';
  if (asked !== '') return asked.split(',').map((one) => boundaryOf(one.trim()));
  const start = await placeOfCommit();
  const all = alone.boundaries;
  return Array.from({ length: count }, (_, index) => {
    const place = Math.floor((start + index / count) * all.length) % all.length;
    return all.slice(place, place + 1);
  }).flat();
}

async function cutsAt(
  chosen: readonly Boundary[],
  company: 'alone' | 'workers',
): Promise<string[]> {
  const failed: Cut[] = [];
  await runMatrix(owner.file, {
    alone,
    boundaries: chosen,
    company,
    atOnce: 2,
    onCut: (cut) => {
      if (cut.differs.length > 0) failed.push(cut);
    },
  });
  return failed.map(
    ({ at, differs, log }) => `MO_CRASH_AT="${textOf(at)}"\n${differs.join('\n')}\n${log}`,
  );
}

test('a run of thirty nodes that is left alone does everything once', () => {
  const { remains } = alone;
  const { nodes, executions, left, unfolded } = remains;
  expect({ state: remains.state, left, unfolded }).toEqual({
    state: 'succeeded',
    left: [],
    unfolded: [],
  });
  expect(Object.keys(nodes)).toHaveLength(30);
  const again = Object.entries(executions).filter(([, count]) => count > 1);
  // The gate sends `impl` back, and the map behind it; `twice` is refused by its own gate.
  expect(again.map(([node]) => node)).toEqual(['check', 'impl', 'parts-1', 'parts-2', 'twice']);
});

test(
  'wherever its owner is killed the next one goes on, and ends where a run that is left alone ends',
  async () => {
    const chosen = await choose(boundaries);
    expect(await cutsAt(chosen, 'alone'), `at ${chosen.map(textOf).join(', ')}`).toEqual([]);
  },
  limitMs,
);

test(
  'killed together with all workers and gates it does again what these were at, and nothing else',
  async () => {
    const chosen = await choose(boundariesWithWorkers);
    expect(await cutsAt(chosen, 'workers'), `at ${chosen.map(textOf).join(', ')}`).toEqual([]);
  },
  limitMs,
);

test(
  'workers that are killed at random are replaced, and the run ends verified',
  async () => {
    const seed = process.env['MO_CRASH_SEED'] ?? String(await placeOfCommit());
    const { killed, differs, log } = await runKilling(owner.file, { alone, seed });
    expect(differs, `MO_CRASH_SEED=${seed}\n${log}`).toEqual([]);
    expect(killed, `MO_CRASH_SEED=${seed}`).toBeGreaterThan(0);
  },
  limitMs,
);
