import fc from 'fast-check';
import { expect, test } from 'vitest';
import { NodeMap } from '../../src/core/node-map.ts';

const statuses = ['waiting', 'running', 'verified'] as const;
const node = fc.record({
  spec: fc.record({
    name: fc.constantFrom('a', 'b', 'c', 'd'),
    itemOf: fc.constantFrom(null, 'x', 'y'),
  }),
  state: fc.record({ status: fc.constantFrom(...statuses) }),
});

function countedOf(nodes: readonly { state: { status: string } }[]): Map<string, number> {
  const held = nodes.map(({ state }) => state.status);
  return new Map(
    [...new Set(held)].map((status) => [status, held.filter((one) => one === status).length]),
  );
}

test('the counts are those of the nodes it holds, whatever was put in', () => {
  fc.assert(
    fc.property(fc.array(node), (nodes) => {
      let map = new NodeMap<(typeof nodes)[number]>([]);
      for (const one of nodes) map = map.with(one);
      const held = [...map.values()];
      expect(new Map(map.counts)).toEqual(countedOf(held));
      for (const of of ['x', 'y']) {
        const items = held.filter(({ spec }) => spec.itemOf === of);
        expect(new Map(map.items.get(of))).toEqual(countedOf(items));
      }
      for (const status of statuses)
        expect(map.inState(status)).toEqual(held.filter(({ state }) => state.status === status));
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

test('a draft changes in place and leaves what it was made from as it was', () => {
  fc.assert(
    fc.property(fc.array(node), fc.array(node), (first, then) => {
      const put = (map: NodeMap<(typeof first)[number]>, one: (typeof first)[number]) =>
        map.with(one);
      const before = first.reduce(put, new NodeMap<(typeof first)[number]>([]));
      const held = [...before.values()];
      const known = then.filter(({ spec }) => before.get(spec.name)?.spec.itemOf === spec.itemOf);
      const draft = before.draft();
      draft.inState('waiting');
      for (const one of known) expect(draft.with(one)).toBe(draft);
      draft.settle();
      const plain = known.reduce(put, before);
      expect([...draft.values()]).toEqual([...plain.values()]);
      expect(new Map(draft.counts)).toEqual(new Map(plain.counts));
      expect(draft.inState('waiting')).toEqual(plain.inState('waiting'));
      expect([...before.values()]).toEqual(held);
      const next = held[0];
      if (next !== undefined) expect(draft.with(next)).not.toBe(draft);
    }),
  );
});
