import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { RunEvent, RunSpec } from '../../src/core/event.ts';
import type { NodeSpec } from '../../src/core/node.ts';
import type { Run, RunNode } from '../../src/core/run.ts';
import { viewOf } from '../../src/core/view.ts';
import { needOf } from '../../src/core/needs.ts';
import { scopesOverlap } from '../../src/core/scope.ts';
import { originOf } from '../../src/core/reuse.ts';
import { slotOf } from '../../src/core/slots.ts';
import type { Snapshot } from '../../src/core/action.ts';
import { aMap, aNode, aRunSpec, aWorker, aWriter } from './build.ts';
import { simulate, type Chance } from './simulate.ts';

const runs = Number(process.env['MO_SIMULATIONS'] ?? 2_000);

const anyRun: fc.Arbitrary<RunSpec> = fc
  .record({
    size: fc.oneof(fc.integer({ min: 1, max: 10 }), fc.constantFrom(6, 8, 10)),
    edges: fc.array(fc.tuple(fc.nat(9), fc.nat(9)), { maxLength: 18, size: 'max' }),
    kinds: fc.array(
      fc.constantFrom(
        'read',
        'write',
        'shared',
        'planner',
        'review',
        'approval',
        'command',
        'gate',
        'gate',
        'map',
        'map',
      ),
      { minLength: 10, maxLength: 10 },
    ),
    whens: fc.array(fc.integer({ min: 0, max: 4 }), { minLength: 10, maxLength: 10 }),
    maxInvalidations: fc.integer({ min: 1, max: 5 }),
    concurrency: fc.integer({ min: 1, max: 5 }),
    usd: fc.oneof(
      { weight: 1, arbitrary: fc.double({ min: 0.5, max: 12, noNaN: true }) },
      { weight: 3, arbitrary: fc.constant(null) },
    ),
    confirm: fc.constantFrom('ask' as const, 'yes' as const),
    fallback: fc.boolean(),
    reuse: fc.constantFrom('yes' as const, 'never' as const),
  })
  .map(({ size, edges, kinds, whens, maxInvalidations, ...settings }) => {
    const { concurrency, usd, confirm, fallback, reuse } = settings;
    const nodes = Array.from({ length: size }, (_, index) => {
      // Edges go from later to earlier nodes only, so the graph has no cycle.
      const needs = edges
        .filter(([one, other]) => one !== other && Math.max(one, other) === index)
        .map(([one, other]) => `n${Math.min(one, other)}`);
      const node = nodeOf(`n${index}`, kinds[index] ?? 'read', [...new Set(needs)]);
      return whens[index] === 0 ? { ...node, when: 'true' } : node;
    });
    return aRunSpec(nodes, {
      concurrency,
      budget: { usd, tokens: null },
      confirm,
      maxInvalidations,
      reuse,
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
    case 'gate': {
      const retry = needs[0];
      const onFail = retry === undefined ? null : { retry, maxRetries: 2 };
      return aNode(name, { needs, kind: 'gate', passWhen: ['true'], onFail });
    }
    case 'map':
      return aMap(name, { concurrency: 1 + (name.charCodeAt(1) % 3) }, { needs });
    default:
      return aNode(name, { needs });
  }
}

const anyChance: fc.Arbitrary<Chance> = fc
  .tuple(fc.infiniteStream(fc.nat(1_000_000)), fc.integer({ min: 0, max: 6 }))
  .map(([stream, meddling]) => {
    const next = (): number => Number(stream.next().value ?? 0);
    return { pick: (count) => next() % count, usd: () => (next() % 300) / 100, meddling };
  });

const workers = [aWorker('claude'), aWorker('codex')];

test('every simulated run ends, whatever fails, in whatever order, however often the owner dies', () => {
  fc.assert(
    fc.property(anyRun, anyChance, (spec, chance) => {
      const { run } = simulate(spec, workers, chance, () => undefined);
      expect(run.status.status).toBe('finished');
      for (const node of run.nodes.values())
        if (node.state.status === 'blocked') expect(needOf(run, node)).toHaveProperty('by');
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
      for (const { event, before } of events) {
        const isLate = event.type === 'node.verified' && isStale(before, event);
        if (event.type === 'node.verified' && !isLate) verified.add(event.node);
        // A conflict on landing, or a person who sends a plan back, takes the verification away.
        if (event.type === 'node.returned') verified.delete(event.node);
        if (event.type === 'nodes.invalidated')
          for (const name of [...event.nodes, ...event.dropped]) verified.delete(name);
        if (isBegin(event)) expect(verified.has(event.node)).toBe(false);
        if (event.type === 'node.reused') verified.add(event.node);
      }
      if (run.status.status !== 'finished' || run.status.outcome !== 'succeeded') return;
      for (const node of run.nodes.values())
        expect(['verified', 'skipped']).toContain(node.state.status);
      expect(run.head?.commit === spec.base || run.verified?.commit === run.head?.commit).toBe(
        true,
      );
    }),
    { numRuns: runs },
  );
});

test('what is invalidated is the node and all that rests on it, and nothing else changes', () => {
  fc.assert(
    fc.property(anyRun, anyChance, (spec, chance) => {
      const { run, events } = simulate(spec, workers, chance, () => undefined);
      for (const [index, { event, before }] of events.entries()) {
        if (event.type !== 'nodes.invalidated' || before === null) continue;
        const after = events[index + 1]?.before ?? run;
        const expected = restingOn(before, event.target);
        expect(new Set([...event.nodes, ...event.dropped])).toEqual(expected);
        expect(event.nodes[0]).toBe(event.target);
        for (const [name, node] of after.nodes) {
          if (!expected.has(name)) expect(node).toBe(before.nodes.get(name));
          else {
            // Nobody waits while the worker is still there.
            const wasRunning = before.nodes.get(name)?.state.status === 'running';
            expect(node.state.status === 'running').toBe(wasRunning);
            expect(isUndone(node, event.dropped.includes(name))).toBe(true);
          }
        }
      }
    }),
    { numRuns: runs },
  );
});

test('an attempt that has become history is no evidence for anything, and no run succeeds on it', () => {
  fc.assert(
    fc.property(anyRun, anyChance, (spec, chance) => {
      const { run, events } = simulate(spec, workers, chance, ({ run: now }) => {
        for (const { state, stale } of now.nodes.values())
          if (state.status === 'verified') expect(state.attempt).toBeGreaterThan(stale);
      });
      const started = new Set<string>();
      const undone = new Set<string>();
      for (const { event, before } of events) {
        if (isBegin(event)) {
          const key = `${event.node}/${event.attempt}`;
          expect(started.has(key)).toBe(false);
          started.add(key);
        }
        if (event.type === 'nodes.invalidated') for (const name of event.nodes) undone.add(name);
        if (event.type === 'node.verified' && !isStale(before, event)) undone.delete(event.node);
        if (event.type === 'node.skipped' || event.type === 'node.reused')
          undone.delete(event.node);
        if (event.type === 'nodes.invalidated')
          for (const name of event.dropped) undone.delete(name);
        if (event.type === 'run.finished' && event.outcome === 'succeeded')
          expect([...undone]).toEqual([]);
      }
      expect(viewOf(run, 0).state).not.toBe('needs_rerun');
    }),
    { numRuns: runs },
  );
});

test('the items of a map keep within its slots, and no two that are not done share one', () => {
  fc.assert(
    fc.property(anyRun, anyChance, (spec, chance) => {
      simulate(spec, workers, chance, ({ run }) => {
        for (const [name, { spec: map }] of run.nodes) {
          if (map.map === null) continue;
          const slots = [...run.nodes.values()]
            .filter((node) => node.spec.itemOf === name && isInFolder(node))
            .map(slotOf);
          expect(new Set(slots).size).toBe(slots.length);
          for (const slot of slots) expect(slot).toBeLessThan(map.map.concurrency);
        }
      });
    }),
    { numRuns: runs },
  );
});

test('whoever needs a map starts only when all its items are done', () => {
  fc.assert(
    fc.property(anyRun, anyChance, (spec, chance) => {
      const { events } = simulate(spec, workers, chance, () => undefined);
      for (const { event, before } of events) {
        if (!isBegin(event) || before === null) continue;
        for (const need of before.nodes.get(event.node)?.spec.needs ?? []) {
          const map = before.nodes.get(need);
          if (map?.spec.kind !== 'map' || map.state.status !== 'verified') continue;
          for (const item of map.emitted ?? ['none'])
            expect(['verified', 'skipped']).toContain(before.nodes.get(item)?.state.status);
        }
      }
    }),
    { numRuns: runs },
  );
});

test('a node that was tried, sent back or asked for again is executed, and a reused one costs nothing', () => {
  fc.assert(
    fc.property(anyRun, anyChance, (spec, chance) => {
      const { run, events } = simulate(spec, workers, chance, () => undefined);
      const tried = new Set<string>();
      for (const [index, { event, before }] of events.entries()) {
        if (event.type === 'attempt.started') tried.add(event.node);
        if (event.type === 'nodes.invalidated') {
          // What rests on the target may find the same answer again; who is asked again may not.
          for (const name of [...event.nodes, ...event.dropped]) tried.delete(name);
          tried.add(event.target);
        }
        if (event.type !== 'node.reused' || before === null) continue;
        expect(tried.has(event.node)).toBe(false);
        const after = events[index + 1]?.before ?? run;
        expect(after.charged).toEqual(before.charged);
        expect(after.nodes.get(event.node)?.state.status).toBe('verified');
      }
    }),
    { numRuns: runs },
  );
});

test('no attempt is started while a run is paused', () => {
  fc.assert(
    fc.property(anyRun, anyChance, (spec, chance) => {
      const { events } = simulate(spec, workers, chance, () => undefined);
      for (const { event, before } of events) if (isBegin(event)) expect(before?.paused).toBeNull();
    }),
    { numRuns: runs },
  );
});

/** A node is taken up: by a worker, or with what another run has proved. */
function isBegin(
  event: RunEvent,
): event is Extract<RunEvent, { type: 'attempt.started' | 'node.reused' }> {
  return event.type === 'attempt.started' || event.type === 'node.reused';
}

function isInFolder({ state, attempts }: RunNode): boolean {
  const { status } = state;
  if (originOf({ state, attempts }) !== null) return false;
  return status === 'running' || status === 'gating' || (status === 'verified' && !state.landed);
}

function isStale(before: Run | null, event: { node: string; attempt: number }): boolean {
  return event.attempt <= (before?.nodes.get(event.node)?.stale ?? 0);
}

function isUndone({ state }: RunNode, isDropped: boolean): boolean {
  const now = state.status === 'running' ? state.becomes : state;
  return now?.status === (isDropped ? 'skipped' : 'waiting');
}

/** By looking at every node again until none is found any more: slow, and plain. */
function restingOn(run: Run, target: string): Set<string> {
  const found = new Set([target]);
  const waitsFor = (name: string): string[] => [
    name,
    ...(run.nodes.get(name)?.emitted ?? []).flatMap(waitsFor),
  ];
  for (let size = 0; size < found.size;) {
    size = found.size;
    for (const [name, { spec, emittedBy }] of run.nodes) {
      const emitter = emittedBy === null ? undefined : run.nodes.get(emittedBy);
      const isDropped = emitter !== undefined && emitter.emitted?.includes(name) !== true;
      if (isDropped) continue;
      const needs = spec.needs.flatMap(waitsFor);
      if (needs.some((need) => found.has(need)) || (emittedBy !== null && found.has(emittedBy)))
        found.add(name);
    }
  }
  return found;
}

function checkInvariants({ run, busy }: Snapshot): void {
  const running = [...run.nodes.values()].filter((node) => node.state.status === 'running');
  expect(running.length).toBeLessThanOrEqual(run.spec.concurrency);
  for (const { spec } of running)
    for (const work of ['weigh', 'gate', 'land', 'expand', 'review'])
      expect(busy.has(`${work}:${spec.name}`)).toBe(false);
  // A worker whose work was invalidated is still on its way out.
  for (const node of running)
    if (node.state.status === 'running' && node.state.becomes === null)
      expect(needOf(run, node)).toBe('met');
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
