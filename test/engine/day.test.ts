import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { RunEvent } from '../../src/core/event.ts';
import { identify } from '../../src/platform/process-identity.ts';
import { aNode } from '../core/build.ts';
import { done } from '../e2e/rig.ts';
import { aHouse, hearing, untilFile, type House } from './house.ts';

const day = { settings: { limits: { usd_per_day: 1 } } };
const dear = { provider: 'scripted', budget: { usd: 0.7, tokens: null } };
const isEnd = (event: RunEvent): boolean => event.type === 'attempt.ended';
const isStart = (event: RunEvent): boolean => event.type === 'attempt.started';

const timeOf = (house: House, runId: string, is: (event: RunEvent) => boolean) =>
  house.store.readEvents(runId, 0, 1_000).find(({ event }) => is(event))?.at ?? Number.NaN;

const reservedIn = (house: House, runId: string) =>
  house
    .events(runId)
    .flatMap((event) => (event.type === 'attempt.started' ? [event.reserved.usd] : []));

test('a run waits for what another one holds of the day, and goes on when that comes back', async () => {
  const house = await aHouse();
  await house.script({ slow: [{ do: 'shell', command: untilFile('go') }, done], quick: [done] });
  const slow = await house.create({ ...day, nodes: [aNode('slow', dear)] });
  const quick = await house.create({ ...day, nodes: [aNode('quick', dear)] });
  const owner = identify(process.pid) ?? undefined;
  if (owner === undefined) throw new Error('this process is not in the table');
  const started = hearing(isStart);
  const first = house.own(slow, { ...started, owner });
  await started.happened;
  const owned = hearing((event) => event.type === 'run.owned');
  const second = house.own(quick, { ...owned, owner });
  await owned.happened;
  await writeFile(join(house.folder, 'go'), '');
  await Promise.all([first, second]);
  expect(house.run(quick).status).toMatchObject({ outcome: 'succeeded' });
  expect(timeOf(house, quick, isStart)).toBeGreaterThanOrEqual(timeOf(house, slow, isEnd));
});

test('what a run without an owner holds is gone from the day, and nobody waits for it', async () => {
  const house = await aHouse();
  await house.script({ slow: [done], quick: [done] });
  const slow = await house.create({ ...day, nodes: [aNode('slow', dear)] });
  const quick = await house.create({ ...day, nodes: [aNode('quick', dear)] });
  expect(await house.own(slow, { dies: { when: 'after', at: isStart } })).toBe('died');
  expect(await house.own(quick)).toBe('ended');
  expect(reservedIn(house, quick)).toEqual([expect.closeTo(0.3)]);
});

test('a start that another run was quicker than is decided anew', async () => {
  const house = await aHouse();
  await house.script({ slow: [done], quick: [done] });
  const slow = await house.create({ ...day, nodes: [aNode('slow', dear)] });
  const quick = await house.create({ ...day, nodes: [aNode('quick', dear)] });
  let isFirst = true;
  // Between the decision of the one and its record the other one sets the money aside.
  const onAppend = (events: readonly RunEvent[]): void => {
    if (!isFirst || !events.some(isStart)) return;
    isFirst = false;
    setAside(house, slow);
  };
  expect(await house.own(quick, { onAppend })).toBe('ended');
  expect(house.log.join('\n')).toContain('quick attempt 1 waits');
  expect(reservedIn(house, quick)).toEqual([expect.closeTo(0.3)]);
});

function setAside(house: House, runId: string): void {
  const { store } = house;
  const holder = { bootId: 'another boot', pid: 3_999_998, startTime: '1' };
  const now = house.engine.clock.now();
  const epoch = store.claimLease({ runId, holder, ttlMs: 1_000, now, isAlive: () => false });
  if (epoch === null) throw new Error('the run is held');
  const reserved = { usd: 0.7, tokens: null };
  store.append({
    runId,
    epoch,
    at: now,
    events: [
      {
        type: 'attempt.started',
        node: 'slow',
        attempt: 1,
        route: null,
        reasons: [],
        base: null,
        reserved,
      },
    ],
    view: store.view(runId),
    nodes: [],
  });
}
