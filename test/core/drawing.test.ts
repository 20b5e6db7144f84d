import fc from 'fast-check';
import { expect, test } from 'vitest';
import { drawGraph } from '../../src/core/drawing.ts';
import { layersOf } from '../../src/core/graph.ts';
import type { NodeSpec } from '../../src/core/node.ts';
import { aNode } from './build.ts';

test('lines lead from what is needed to who needs it', () => {
  const nodes = [
    aNode('requirements'),
    aNode('api', { needs: ['requirements'] }),
    aNode('docs', { needs: ['requirements'] }),
    aNode('notes'),
    aNode('build', { kind: 'command', needs: ['api'] }),
    aNode('quality', {
      kind: 'gate',
      needs: ['build', 'docs', 'requirements'],
      onFail: { retry: 'api', maxRetries: 2 },
    }),
    aNode('accept', { kind: 'approval', needs: ['quality', 'notes'] }),
  ];
  expect(drawGraph(nodes).join('\n')).toBe(
    `1  ●  requirements
   │ ●  notes
2  ├─│─●  api
   ● │ │  docs
3  │ │ ■  build
4  ◆─│─╯  quality  ↺ api, at most 2×
5  ?─╯  accept

● agent   ■ command   ◆ gate   ? approval`,
  );
});

test('nodes that need the same and are needed by the same are one row', () => {
  const parts = Array.from({ length: 28 }, (_, index) =>
    aNode(`part-${index}`, { needs: ['plan'] }),
  );
  const nodes = [aNode('plan'), ...parts, aNode('review', { needs: parts.map((one) => one.name) })];
  const lines = drawGraph(nodes);
  expect(lines[1]).toBe(
    '2  ●  part-0, part-1, part-2, part-3, part-4, part-5, part-6, part-7, part-8,',
  );
  expect(lines.filter((line) => line.includes('●'))).toHaveLength(3);
});

test('any graph of 30 nodes with the longest names fits 80 columns and leaves nobody out', () => {
  fc.assert(
    fc.property(graphs(30), (nodes) => {
      const lines = drawGraph(nodes);
      const text = lines.join('\n');
      for (const line of lines) expect(line.length).toBeLessThanOrEqual(80);
      const named = nodes.filter(({ name }) => text.includes(name.slice(0, 20))).length;
      const counted = [...text.matchAll(/and (\d+) more|\+(\d+) agent/g)].reduce(
        (sum, [, inRow, inBatch]) => sum + Number(inRow ?? inBatch),
        0,
      );
      expect(named + counted).toBe(nodes.length);
    }),
    { numRuns: 500 },
  );
});

test('a large graph is its batches, with how many each has', () => {
  const nodes = Array.from({ length: 10_000 }, (_, index) =>
    aNode(`n${index}`, { needs: index < 5_000 ? [] : [`n${index - 5_000}`] }),
  );
  const lines = drawGraph(nodes);
  expect(lines).toHaveLength(layersOf(nodes).length);
  expect(lines[0]).toMatch(/^1 {2}n0, n1, n2.* … +5000 agents$/);
});

/** Names begin with their number, in three digits, and are as long as a name may be. */
function graphs(most: number): fc.Arbitrary<NodeSpec[]> {
  return fc
    .array(fc.array(fc.nat(), { maxLength: 4 }), { minLength: 1, maxLength: most })
    .map((parts) =>
      parts.map((needs, index) =>
        aNode(nameOf(index), {
          needs: index === 0 ? [] : [...new Set(needs.map((need) => nameOf(need % index)))],
        }),
      ),
    );
}

function nameOf(index: number): string {
  return `n${String(index).padStart(3, '0')}`.padEnd(64, 'x');
}
