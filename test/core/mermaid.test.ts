import { expect, test } from 'vitest';
import { mermaidOf, type MermaidNode } from '../../src/core/mermaid.ts';
import type { NodeSpec } from '../../src/core/node.ts';
import { aNode } from './build.ts';

test('every kind has a shape of its own, what sends back is dotted, what adds is thick', () => {
  const nodes = [
    node('api', { note: 'implementation' }),
    node('build', { kind: 'command', needs: ['api'] }),
    node('quality', {
      kind: 'gate',
      needs: ['build'],
      onFail: { retry: 'api', maxRetries: 2 },
    }),
    node('each', { kind: 'map', needs: ['quality'] }),
    node('each-1', { itemOf: 'each', emittedBy: 'each' }),
    node('accept', { kind: 'approval', needs: ['each'] }),
  ];
  expect(mermaidOf(nodes)).toBe(
    `flowchart TD
  n1["api<br/>implementation"]
  n2[["build"]]
  n3{"quality"}
  n4[/"each"/]
  n5("each-1")
  n6(["accept"])
  n1 --> n2
  n2 --> n3
  n3 -.->|"retry, at most 2"| n1
  n3 --> n4
  n4 ==> n5
  n4 --> n6`,
  );
});

test('nothing in a text can end a label or become a tag', () => {
  const text = mermaidOf([node('a', { note: 'say "x"]\n  n9 --> n1 <b>`#35;`</b> & {c}|' })]);
  expect(text.split('\n')).toHaveLength(2);
  const label = /^ {2}n1\["a<br\/>(.*)"\]$/.exec(text.split('\n')[1] ?? '')?.[1] ?? '';
  expect(label).not.toMatch(/["<>`\\[\]{}|&]/);
  expect(label.replaceAll(/#[0-9]+;/g, '')).not.toMatch(/[#;]/);
});

test('many items of a map are one node', () => {
  const items = Array.from({ length: 500 }, (_, index) =>
    node(`each-${index + 1}`, {
      itemOf: 'each',
      emittedBy: 'each',
      note: index === 7 ? 'failed' : 'verified',
    }),
  );
  const all = [node('each', { kind: 'map' }), ...items, node('end', { needs: ['each-3'] })];
  expect(mermaidOf(all)).toBe(
    `flowchart TD
  n1[/"each"/]
  n2("each items<br/>499 verified, 1 failed")
  n3["end"]
  n1 ==> n2
  n2 --> n3`,
  );
});

test('a graph with more nodes or edges than Mermaid draws is its batches', () => {
  const wide = Array.from({ length: 10_000 }, (_, index) =>
    node(`n${index}`, { needs: index < 100 ? [] : [`n${index - 100}`] }),
  );
  const text = mermaidOf(wide);
  expect(text).toContain('  b1["batch 1<br/>100 nodes"]');
  expect(text).toContain('  b61["40 more batches<br/>4000 nodes"]');
  expect(text).toContain('  b60 --> b61');
  expect(text.length).toBeLessThan(50_000);
  const left = Array.from({ length: 25 }, (_, index) => node(`l${index}`));
  const right = left.map(({ name }) =>
    node(`r${name}`, { needs: left.map((other) => other.name) }),
  );
  expect(mermaidOf([...left, ...right])).toContain('batch 2');
});

function node(name: string, over: Partial<MermaidNode & NodeSpec> = {}): MermaidNode {
  return { ...aNode(name), note: '', emittedBy: null, ...over };
}
