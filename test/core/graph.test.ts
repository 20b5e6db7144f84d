import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  criticalPath,
  downstreamOf,
  graphErrors,
  layersOf,
  type GraphNode,
} from '../../src/core/graph.ts';

test('a cycle is named node by node, at the need that closes it', () => {
  expect(graphErrors([node('a', 'x', 'b'), node('b', 'c'), node('c', 'a'), node('x')])).toEqual([
    {
      node: 'a',
      field: 'needs',
      item: 1,
      what: 'these nodes wait for each other: a → b → c → a.',
      fix: 'Remove one of these needs, for example b from a.',
    },
  ]);
});

test('a node behind a cycle is not called part of it', () => {
  const [error] = graphErrors([node('behind', 'a'), node('a', 'b'), node('b', 'a')]);
  expect(error?.what).toBe('these nodes wait for each other: a → b → a.');
});

test('a need that no node meets gets the name that was meant', () => {
  expect(graphErrors([node('build'), node('ship', 'biuld')])).toEqual([
    {
      node: 'ship',
      field: 'needs',
      item: 0,
      what: 'there is no node "biuld".',
      fix: 'Did you mean build?',
    },
  ]);
});

test('a node that needs itself is told so, and not called a cycle as well', () => {
  expect(graphErrors([node('a', 'a')]).map((error) => error.what)).toEqual(['a needs itself.']);
});

test('two nodes of one name are refused, and so is a name the run already has', () => {
  const errors = graphErrors([node('a'), node('a'), node('old')], [{ name: 'old' }]);
  expect(errors.map((error) => error.what)).toEqual([
    'two nodes are called a.',
    'the run already has a node old.',
  ]);
});

test('nodes that are in the run already may be needed', () => {
  expect(graphErrors([node('a', 'old')], [{ name: 'old' }])).toEqual([]);
});

test.each(['../etc', 'A', 'a b', '', 'a/b', 'ä', 'a'.repeat(65), 'a\n'])(
  'the name %j is refused',
  (name) => {
    expect(graphErrors([node(name)]).map((error) => error.field)).toContain('name');
  },
);

test('a writer needs a scope, and one that can be used', () => {
  const errors = graphErrors([
    { ...node('free'), write: true },
    { ...node('any'), write: true, scope: 'any' },
    { ...node('out'), write: true, scope: { allow: ['../x'], deny: [], maxDiffLines: null } },
  ]);
  expect(errors.map((error) => [error.node, error.field])).toEqual([
    ['free', 'scope'],
    ['out', 'scope'],
  ]);
});

test('a command node needs a command', () => {
  const [error] = graphErrors([{ ...node('build'), kind: 'command', task: ' ' }]);
  expect(error).toMatchObject({ node: 'build', field: 'run' });
});

test('more than 10,000 nodes are one error, not ten thousand', () => {
  const errors = graphErrors(Array.from({ length: 10_001 }, (_, index) => node(`n${index}`)));
  expect(errors.map((error) => [error.node, error.field])).toEqual([[null, 'nodes']]);
});

test('layers hold what can run together', () => {
  const diamond = [node('d', 'b', 'c'), node('b', 'a'), node('c', 'a'), node('a')];
  expect(layersOf(diamond)).toEqual([['a'], ['b', 'c'], ['d']]);
});

test('downstream is everything that waits, near and far', () => {
  const nodes = [node('a'), node('b', 'a'), node('c', 'b'), node('other')];
  expect(downstreamOf(nodes, 'a')).toEqual(['b', 'c']);
});

test('the critical path is the chain with the most weight, not the most nodes', () => {
  const nodes = [node('a'), node('b', 'a'), node('c', 'b'), node('long')];
  const weights = new Map([['long', 10]]);
  expect(criticalPath(nodes, ({ name }) => weights.get(name) ?? 1)).toEqual({
    path: ['long'],
    weight: 10,
  });
  expect(criticalPath(nodes)).toEqual({ path: ['a', 'b', 'c'], weight: 3 });
});

/** Every node needs only nodes before it, then the order is shuffled: never a cycle. */
const acyclic = fc
  .array(fc.array(fc.nat()), { maxLength: 40 })
  .map((needs) =>
    needs.map((some, index) =>
      node(`n${index}`, ...(index === 0 ? [] : some.map((one) => `n${one % index}`))),
    ),
  )
  .chain((nodes) => fc.shuffledSubarray(nodes, { minLength: nodes.length }));

/** Any needs at all. */
const anyGraph = fc
  .array(fc.array(fc.nat()), { minLength: 1, maxLength: 25 })
  .map((needs) =>
    needs.map((some, index) => node(`n${index}`, ...some.map((one) => `n${one % needs.length}`))),
  );

test('graphs without cycles are accepted, and their layers respect every need', () => {
  fc.assert(
    fc.property(acyclic, (nodes) => {
      expect(graphErrors(nodes)).toEqual([]);
      const place = new Map(
        layersOf(nodes).flatMap((layer, index) => layer.map((name) => [name, index])),
      );
      expect(place.size).toBe(nodes.length);
      for (const { name, needs } of nodes) {
        const last = Math.max(-1, ...needs.map((need) => place.get(need) ?? Number.NaN));
        expect(place.get(name)).toBe(last + 1);
      }
    }),
  );
});

test('a graph is refused for a cycle exactly when the layers leave something out, and the cycle is real', () => {
  fc.assert(
    fc.property(anyGraph, (nodes) => {
      const withoutSelf = nodes.map((one) => ({
        ...one,
        needs: one.needs.filter((need) => need !== one.name),
      }));
      const cycle = graphErrors(nodes).find((error) => error.what.includes('→'));
      expect(cycle === undefined).toBe(layersOf(withoutSelf).flat().length === nodes.length);
      const path = /: (.*)\.$/.exec(cycle?.what ?? '')?.[1]?.split(' → ') ?? [];
      for (const [index, name] of path.slice(0, -1).entries()) {
        expect(nodes.find((one) => one.name === name)?.needs).toContain(path[index + 1]);
      }
    }),
  );
});

test('downstream and needs agree', () => {
  fc.assert(
    fc.property(acyclic, (nodes) => {
      for (const { name } of nodes.slice(0, 5)) {
        const below = new Set(downstreamOf(nodes, name));
        for (const other of nodes) {
          const waits = other.needs.some((need) => need === name || below.has(need));
          expect(below.has(other.name)).toBe(waits);
        }
      }
    }),
  );
});

test('work grows with the graph: ten thousand nodes in a chain are no deep recursion', () => {
  const chain = Array.from({ length: 10_000 }, (_, index) =>
    index === 0 ? node('n0', 'n9999') : node(`n${index}`, `n${index - 1}`),
  );
  expect(graphErrors(chain)).toHaveLength(1);
  expect(layersOf(chain.slice(1))).toHaveLength(9_999);
  expect(criticalPath(chain.slice(1)).weight).toBe(9_999);
});

function node(name: string, ...needs: string[]): GraphNode {
  return { name, kind: 'agent', needs, task: 'Do it.', write: false, scope: null };
}
