import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { RunSpec } from '../../src/core/event.ts';
import type { NodeSpec } from '../../src/core/node.ts';
import { needOf } from '../../src/core/needs.ts';
import { scopesOverlap } from '../../src/core/scope.ts';
import type { Snapshot } from '../../src/core/action.ts';
import { aNode, aRunSpec, aWorker, aWriter } from './build.ts';
import { simulate, type Chance } from './simulate.ts';

const runs = Number(process.env['MO_SIMULATIONS'] ?? 2_000);

const anyRun: fc.Arbitrary<RunSpec> = fc
  .record({
    size: fc.integer({ min: 1, max: 10 }),
    edges: fc.array(fc.tuple(fc.nat(9), fc.nat(9)), { maxLength: 18 }),
    kinds: fc.array(
      fc.constantFrom('read', 'write', 'shared', 'planner', 'review', 'approval', 'command'),
      { minLength: 10, maxLength: 10 },
    ),
    concurrency: fc.integer({ min: 1, max: 5 }),
    usd: fc.option(fc.double({ min: 0.5, max: 8, noNaN: true }), { nil: null }),
    confirm: fc.constantFrom('ask' as const, 'yes' as const),
    fallback: fc.boolean(),
  })
  .map(({ size, edges, kinds, concurrency, usd, confirm, fallback }) => {
    const nodes = Array.from({ length: size }, (_, index) => {
      // Edges go from later to earlier nodes only, so the graph has no cycle.
      const needs = edges
        .filter(([from, to]) => from === index && to < index)
        .map(([, to]) => `n${to}`);
      return nodeOf(`n${index}`, kinds[index] ?? 'read', [...new Set(needs)]);
    });
    return aRunSpec(nodes, {
      concurrency,
      budget: { usd, tokens: null },
      confirm,
      settings: { limits: { fallback } },
    });
  });

function nodeOf(name: string, kind: string, needs: string[]): NodeSpec {
  switch (kind) {
    case 'write':
      return aWriter(name, { needs });
    case 'shared':
      return aWriter(name, {
        needs,
        scope: { allow: ['shared/**'], deny: [], maxDiffLines: null },
      });
    case 'planner':
      return aNode(name, { needs, role: 'planner', emit: 'nodes' });
    case 'review':
      return aNode(name, { needs, role: 'review', emit: 'review' });
    case 'approval':
      return aNode(name, { needs, kind: 'approval' });
    case 'command':
      return aNode(name, { needs, kind: 'command' });
    default:
      return aNode(name, { needs });
  }
}

const anyChance: fc.Arbitrary<Chance> = fc.infiniteStream(fc.nat(1_000_000)).map((stream) => {
  const next = (): number => Number(stream.next().value ?? 0);
  return { pick: (count) => next() % count, usd: () => (next() % 300) / 100 };
});

const workers = [aWorker('claude'), aWorker('codex')];

test('every simulated run ends, whatever fails, in whatever order, however often the owner dies', () => {
  fc.assert(
    fc.property(anyRun, anyChance, (spec, chance) => {
      const { run } = simulate(spec, workers, chance, () => undefined);
      expect(run.status.status).toBe('finished');
    }),
    { numRuns: runs },
  );
});

test('a node runs only while its needs are met, within the slots, alone in its scope and under the ceiling', () => {
  fc.assert(
    fc.property(anyRun, anyChance, (spec, chance) => {
      simulate(spec, workers, chance, (snapshot) => checkInvariants(snapshot));
    }),
    { numRuns: runs },
  );
});

test('a verified node is never executed again and a run succeeds only when every node is verified', () => {
  fc.assert(
    fc.property(anyRun, anyChance, (spec, chance) => {
      const { run, events } = simulate(spec, workers, chance, () => undefined);
      const verified = new Set<string>();
      for (const { event } of events) {
        if (event.type === 'node.verified') verified.add(event.node);
        // A conflict on landing, or a person who sends a plan back, takes the verification away.
        if (event.type === 'node.returned') verified.delete(event.node);
        if (event.type === 'attempt.started') expect(verified.has(event.node)).toBe(false);
      }
      if (run.status.status !== 'finished' || run.status.outcome !== 'succeeded') return;
      for (const node of run.nodes.values()) expect(node.state.status).toBe('verified');
      expect(run.head?.commit === spec.base || run.verified?.commit === run.head?.commit).toBe(
        true,
      );
    }),
    { numRuns: runs },
  );
});

function checkInvariants({ run }: Snapshot): void {
  const running = [...run.nodes.values()].filter((node) => node.state.status === 'running');
  expect(running.length).toBeLessThanOrEqual(run.spec.concurrency);
  for (const node of running) expect(needOf(run, node)).toBe('met');
  for (const left of running) {
    for (const right of running) {
      if (left === right || left.spec.scope === null || right.spec.scope === null) continue;
      expect(scopesOverlap(left.spec.scope, right.spec.scope)).toBe(false);
    }
  }
  const ceiling = run.spec.budget.usd;
  if (ceiling === null) return;
  const held = running.reduce(
    (sum, node) => sum + (node.state.status === 'running' ? (node.state.reserved.usd ?? 0) : 0),
    0,
  );
  expect(run.charged.usd + held).toBeLessThanOrEqual(ceiling + 1e-9);
}
