import { expect, test } from 'vitest';
import { shownCounts, shownState, stateOfItems } from '../../src/core/shown-map.ts';

test.each([
  [{ verified: 2 }, 'verified'],
  [{ verified: 1, skipped: 1 }, 'verified'],
  [{ verified: 1, waiting: 1 }, 'running'],
  [{ gating: 1, failed: 1 }, 'running'],
  [{ verified: 9, failed: 1 }, 'failed'],
  [{ verified: 9, stopped: 1 }, 'failed'],
  [{ blocked: 1 }, 'failed'],
] as const)('a map whose items are %o is %s', (counts, state) => {
  expect(stateOfItems(counts)).toBe(state);
});

const maps = [{ map: 'docs', counts: { running: 1, verified: 1 } }];

test('only a map that has unfolded is told by its items', () => {
  expect(shownState(maps, { name: 'docs', state: 'verified' })).toBe('running');
  expect(shownState(maps, { name: 'docs', state: 'waiting' })).toBe('waiting');
  expect(shownState(maps, { name: 'other', state: 'verified' })).toBe('verified');
});

test('every node is counted once, a map in the state of its items', () => {
  expect(shownCounts({ counts: { verified: 2, running: 1 }, maps })).toEqual({
    verified: 1,
    running: 2,
  });
  expect(shownCounts({ counts: { verified: 1 }, maps })).toEqual({ running: 1 });
  expect(shownCounts({ counts: { waiting: 3 }, maps })).toEqual({ waiting: 3 });
});
