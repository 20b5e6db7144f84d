import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { NodeSpec } from '../../src/core/node.ts';
import { scopesOverlap } from '../../src/core/scope.ts';
import { downstreamOf, layersOf } from '../../src/core/graph.ts';
import { dryRun, renderDryRun } from '../../src/workflow/dry-run.ts';
import { newNode, usualDefaults } from '../../src/workflow/new-node.ts';
import { doNodes } from '../../src/workflow/recipe-do.ts';

test('a dry run reads like a table', () => {
  const nodes = [
    reader('analyse'),
    writer('api', ['src/api/**'], 'analyse'),
    writer('docs', ['docs/**', 'src/api/README.md'], 'analyse'),
    newNode(
      { name: 'build', kind: 'command', role: 'automation', task: 'make', needs: ['api', 'docs'] },
      usualDefaults,
    ),
  ];
  expect(renderDryRun(dryRun(nodes, { concurrency: 4 }))).toBe(
    `4 nodes in 3 batches, at most 4 at once. Longest chain: 3 nodes, at most 45m.

  1  analyse  requirements    reads
  2  api      implementation  writes src/api/**             after analyse
  2  docs     implementation  writes docs/**, src/api/REA…  after analyse
  3  build    command         runs                          after api, docs

Not at the same time, because their scopes overlap:
  api  and  docs

No two workers can ever be at work at the same time: one worker with the whole goal would do.`,
  );
});

test('writers that are ordered by needs do not overlap, however far apart', () => {
  const nodes = [writer('a', ['src/**']), reader('b', 'a'), writer('c', ['src/x.ts'], 'b')];
  expect(dryRun(nodes, { concurrency: 4 }).overlaps).toEqual([]);
});

test('writers in different batches that nothing orders may meet all the same', () => {
  const nodes = [writer('a', ['src/**']), reader('b'), writer('c', ['src/x.ts'], 'b')];
  expect(dryRun(nodes, { concurrency: 4 }).overlaps).toEqual([['a', 'c']]);
});

test('there is advice only where there is something to advise', () => {
  const two = [writer('a', ['a']), writer('b', ['b'])];
  expect(dryRun(two, { concurrency: 2 }).advice).toEqual([]);
  expect(dryRun(two, { concurrency: 1 }).advice.join()).toContain('Concurrency is 1');
  expect(dryRun([reader('a'), reader('b', 'a')], { concurrency: 2 }).advice.join()).toContain(
    'one worker with the whole goal would do',
  );
  expect(dryRun(doNodes({}), { concurrency: 2 }).advice).toEqual([
    'More nodes come while the run goes on, from: plan.',
  ]);
});

test('the overlaps are those that comparing every pair would find', () => {
  const pattern = fc.constantFrom(
    '**',
    'src',
    'src/',
    'src/**',
    'src/a',
    'src/ab',
    'src/a*',
    './src/a',
    'src//a/b',
    'docs/*.md',
    'docs/a.md',
    'app/[id]/x',
    'app/i/x',
    '{src,lib}/a',
    'lib/a',
    '*.md',
    'd1',
    'd10',
  );
  const scopes = fc.oneof(
    fc.constant('any' as const),
    fc
      .record({
        allow: fc.array(pattern, { minLength: 1, maxLength: 3 }),
        deny: fc.array(pattern, { maxLength: 1 }),
      })
      .map((one) => ({ ...one, maxDiffLines: null })),
  );
  const graphs = fc.array(fc.tuple(scopes, fc.array(fc.nat(), { maxLength: 2 })), { maxLength: 9 });
  fc.assert(
    fc.property(graphs, (parts) => {
      const nodes = parts.map(([scope, needs], index) => ({
        ...writer(`n${index}`, [], ...(index === 0 ? [] : needs.map((need) => `n${need % index}`))),
        scope,
      }));
      const expected = nodes.flatMap((left, index) =>
        nodes
          .slice(index + 1)
          .filter(
            (right) => !isOrdered(nodes, left, right) && scopesOverlap(left.scope, right.scope),
          )
          .map((right) => `${left.name} ${right.name}`),
      );
      const found = dryRun(nodes, { concurrency: 4 }).overlaps.map((pair) => pair.join(' '));
      expect(found.toSorted()).toEqual(expected.toSorted());
    }),
  );
});

test('no line is longer than 100 columns, and no node is left out of a batch', () => {
  const name = fc.integer({ min: 1, max: 64 }).map((length) => 'n'.repeat(length));
  fc.assert(
    fc.property(fc.uniqueArray(name), fc.array(fc.string(), { minLength: 1 }), (names, allow) => {
      const nodes = names.map((one, index) => writer(one, allow, ...names.slice(0, index)));
      const run = dryRun(nodes, { concurrency: 4 });
      expect(run.batches.flat().toSorted()).toEqual(names.toSorted());
      for (const line of renderDryRun(run).split(/\n/))
        expect(line.length).toBeLessThanOrEqual(100);
    }),
  );
});

test('ten thousand writers of folders of their own are all compared', () => {
  const nodes = Array.from({ length: 10_000 }, (_, index) => writer(`n${index}`, [`d${index}`]));
  const run = dryRun(nodes, { concurrency: 8 });
  expect([run.overlaps, run.advice]).toEqual([[], []]);
});

test('ten thousand writers of one folder end, and the text says that more overlap', () => {
  const nodes = Array.from({ length: 10_000 }, (_, index) => writer(`n${index}`, ['src/**']));
  const run = dryRun(nodes, { concurrency: 8 });
  expect(run.overlaps).toHaveLength(100);
  expect(run.advice.join()).toContain('more nodes with overlapping scopes');
});

function isOrdered(nodes: readonly NodeSpec[], left: NodeSpec, right: NodeSpec): boolean {
  return layersOf(nodes).length > 1 && downstreamOf(nodes, left.name).includes(right.name);
}

function reader(name: string, ...needs: string[]): NodeSpec {
  return newNode({ name, role: 'requirements', task: 'Look.', needs }, usualDefaults);
}

function writer(name: string, allow: string[], ...needs: string[]): NodeSpec {
  return newNode(
    {
      name,
      role: 'implementation',
      task: 'Do.',
      needs,
      write: true,
      scope: { allow, deny: [], maxDiffLines: null },
    },
    usualDefaults,
  );
}
