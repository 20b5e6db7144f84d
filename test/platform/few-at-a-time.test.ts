import { expect, test } from 'vitest';
import { fewAtATime } from '../../src/platform/few-at-a-time.ts';

test('no more than so many are at work, in the order they came, and one that fails lets the next in', async () => {
  const few = fewAtATime(2);
  const begun: number[] = [];
  const doors: { open: () => void; fail: () => void }[] = [];
  const works = [0, 1, 2, 3].map((name) =>
    few(
      () =>
        new Promise<number>((resolve, reject) => {
          begun.push(name);
          doors[name] = { open: () => resolve(name), fail: () => reject(new Error('no')) };
        }),
    ),
  );
  expect(begun).toEqual([0, 1]);
  doors[1]?.fail();
  await expect(works[1]).rejects.toThrow('no');
  expect(begun).toEqual([0, 1, 2]);
  doors[0]?.open();
  await works[0];
  expect(begun).toEqual([0, 1, 2, 3]);
  doors[2]?.open();
  doors[3]?.open();
  expect(await Promise.all([works[2], works[3]])).toEqual([2, 3]);
  expect(await few(async () => 4)).toBe(4);
});
