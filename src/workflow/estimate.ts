import { criticalPath } from '../core/graph.ts';
import type { NodeSpec } from '../core/node.ts';
import { trackKey, type Quantiles, type TrackRecord } from '../core/track-record.ts';
import type { Assignment } from './assign.ts';

/** What a run would take if every node needed one attempt and that were like those before it. */
export type Estimate = {
  /** Nodes that workers would do; of these `priced` and `timed` have a track record. */
  workers: number;
  priced: number;
  timed: number;
  /** Sums over what is known; null: nothing is. */
  usd: Quantiles | null;
  /** One after the other. */
  workMs: Quantiles | null;
  /** The chain of needs that takes longest as far as is known, and how many of its nodes have no known time. */
  chain: { path: string[]; ms: Quantiles; unknown: number } | null;
  /** Attempts all this rests on. */
  attempts: number;
};

export function estimateOf(
  nodes: readonly NodeSpec[],
  assignments: ReadonlyMap<string, Assignment>,
  records: readonly TrackRecord[],
): Estimate {
  const byKey = new Map(records.map((record) => [trackKey(record.role, record.route), record]));
  const found = new Map<string, TrackRecord>();
  for (const node of nodes) {
    const route = assignments.get(node.name)?.route ?? null;
    const record = route === null ? undefined : byKey.get(trackKey(roleOf(node), route));
    // How many items a map will have is not known before it runs.
    if (record !== undefined && node.kind === 'agent') found.set(node.name, record);
  }
  const known = [...found.values()];
  const prices = known.flatMap(({ usd }) => (usd === null ? [] : [usd]));
  return {
    workers: nodes.filter((node) => node.kind === 'agent' || node.kind === 'map').length,
    priced: prices.length,
    timed: known.length,
    usd: sumOf(prices),
    workMs: sumOf(known.map(({ ms }) => ms)),
    chain: known.length === 0 ? null : chainOf(nodes, found),
    attempts: [...new Set(known)].reduce((sum, { attempts }) => sum + attempts, 0),
  };
}

/** The role of who works: of a map, that of its items. */
export function roleOf(node: NodeSpec): string {
  return node.map?.item.role ?? node.role;
}

function chainOf(
  nodes: readonly NodeSpec[],
  found: ReadonlyMap<string, TrackRecord>,
): NonNullable<Estimate['chain']> {
  const timesOf = (name: string): Quantiles => found.get(name)?.ms ?? { median: 0, p80: 0 };
  const { path, weight } = criticalPath(nodes, ({ name }) => timesOf(name).median);
  const kinds = new Map(nodes.map((node) => [node.name, node.kind]));
  return {
    path,
    ms: { median: weight, p80: path.reduce((sum, name) => sum + timesOf(name).p80, 0) },
    unknown: path.filter((name) => !found.has(name) && kinds.get(name) !== 'gate').length,
  };
}

function sumOf(all: readonly Quantiles[]): Quantiles | null {
  if (all.length === 0) return null;
  return all.reduce((sum, one) => ({ median: sum.median + one.median, p80: sum.p80 + one.p80 }));
}
