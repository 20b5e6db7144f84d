import fc from 'fast-check';
import { expect, test } from 'vitest';
import { NodeMap } from '../../src/core/node-map.ts';

const statuses = ['waiting', 'running', 'verified'] as const;
const node = fc.record({
  spec: fc.record({ name: fc.constantFrom('a', 'b', 'c', 'd') }),
  state: fc.record({ status: fc.constantFrom(...statuses) }),
});

test('the counts are those of the nodes it holds, whatever was put in', () => {
  fc.assert(
    fc.property(fc.array(node), (nodes) => {
      let map = new NodeMap<(typeof nodes)[number]>([]);
      for (const one of nodes) map = map.with(one);
      const held = [...map.values()].map(({ state }) => state.status);
      const counted = new Map(
        [...new Set(held)].map((status) => [status, held.filter((one) => one === status).length]),
      );
      expect(new Map(map.counts)).toEqual(counted);
    }),
  );
});

test('a node keeps its place, and the map it was put into keeps the old one', () => {
  const waiting = { spec: { name: 'a' }, state: { status: 'waiting' } };
  const other = { spec: { name: 'b' }, state: { status: 'waiting' } };
  const before = new NodeMap([waiting, other]);
  const after = before.with({ ...waiting, state: { status: 'running' } });
  expect([...after.keys()]).toEqual(['a', 'b']);
  expect(after.get('a')?.state.status).toBe('running');
  expect(before.get('a')).toBe(waiting);
});
