import type { NodeSpec } from '../core/node.ts';
import type { Assignment } from './assign.ts';

export type Graph = {
  nodes: readonly NodeSpec[];
  batches: readonly (readonly string[])[];
  /** Writers that cannot work at the same time. */
  overlaps: readonly (readonly [string, string])[];
  concurrency: number;
  assignments: ReadonlyMap<string, Assignment>;
};

/** What a person should know before they start so many agents. */
export function adviceOn(graph: Graph): string[] {
  const { nodes, concurrency } = graph;
  const emitters = nodes.filter((node) => node.emit === 'nodes').map(({ name }) => name);
  if (emitters.length > 0) {
    const [few, left] = [emitters.slice(0, 10).join(', '), emitters.length - 10];
    return [
      `More nodes come while the run goes on, from: ${few}${left > 0 ? ` and ${left} more` : ''}.`,
    ];
  }
  if (nodes.some((node) => node.kind === 'map' || node.emit !== null) || canRunTogether(graph)) {
    return concurrency === 1
      ? ['Concurrency is 1, so the nodes run one after the other although some could run together.']
      : [];
  }
  // Of one worker, or of commands alone, there is nothing to save.
  if (nodes.filter(({ kind }) => kind === 'agent').length < 2) return [];
  const providers = providersOf(graph);
  return [
    providers.length > 1
      ? `No two workers can ever be at work at the same time; what several bring is another pair of eyes: ${providers.join(', ')}.`
      : 'No two workers can ever be at work at the same time: one worker with the whole goal would do.',
  ];
}

/**
 * Whether there are two agents of which neither waits for the other, and that do not write the same files. In the order of the batches
 * every agent has a bit; whoever comes later and does not have it among those it waits for can run beside it.
 */
function canRunTogether({ nodes, batches, overlaps }: Graph): boolean {
  const byName = new Map(nodes.map((node) => [node.name, node]));
  const bits = new Map<string, bigint>();
  const above = new Map<string, bigint>();
  const apart = apartOf(overlaps);
  let before = 0n;
  for (const name of batches.flat()) {
    const node = byName.get(name);
    let waitsFor = 0n;
    for (const need of node?.needs ?? []) {
      waitsFor |= (above.get(need) ?? 0n) | (bits.get(need) ?? 0n);
    }
    above.set(name, waitsFor);
    if (node?.kind !== 'agent') continue;
    let beside = before & ~waitsFor;
    for (const other of apart.get(name) ?? []) beside &= ~(bits.get(other) ?? 0n);
    if (beside !== 0n) return true;
    const bit = 1n << BigInt(bits.size);
    bits.set(name, bit);
    before |= bit;
  }
  return false;
}

function apartOf(pairs: Graph['overlaps']): Map<string, string[]> {
  const apart = new Map<string, string[]>();
  for (const [left, right] of pairs) {
    apart.set(left, [...(apart.get(left) ?? []), right]);
    apart.set(right, [...(apart.get(right) ?? []), left]);
  }
  return apart;
}

/** Who would work; where that is not known, whom the nodes name. */
function providersOf({ nodes, assignments }: Graph): string[] {
  const names = nodes.flatMap((node) => {
    const provider = assignments.get(node.name)?.route?.provider ?? node.provider;
    return node.kind === 'agent' && provider !== null ? [provider] : [];
  });
  return [...new Set(names)];
}
