import { criticalPath } from '../core/graph.ts';
import type { NodeSpec } from '../core/node.ts';
import { trackKey, type Quantiles, type TrackRecord } from '../core/track-record.ts';
import type { Assignment } from './assign.ts';
import { itemsInRow, type ItemsNow } from './items-now.ts';

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
  /** The chain of nodes waiting for each other that takes longest as far as is known, and how many of its nodes have no known time. */
  chain: { path: string[]; ms: Quantiles; unknown: number } | null;
  /** Attempts all this rests on. */
  attempts: number;
};

type Question = {
  nodes: readonly NodeSpec[];
  assignments: ReadonlyMap<string, Assignment>;
  records: readonly TrackRecord[];
  /** By map. */
  items: ReadonlyMap<string, ItemsNow>;
  concurrency: number;
};

export function estimateOf(question: Question): Estimate {
  const { nodes, assignments, records } = question;
  const byKey = new Map(records.map((record) => [trackKey(record.role, record.route), record]));
  const found = new Map<string, Known>();
  let workers = 0;
  for (const node of nodes) {
    const route = assignments.get(node.name)?.route ?? null;
    const record = route === null ? undefined : byKey.get(trackKey(roleOf(node), route));
    const share = shareOf(node, question);
    workers += share?.times ?? 1;
    if (record !== undefined && share !== null && share.times > 0) {
      found.set(node.name, { record, ...share });
    }
  }
  const known = [...found.values()];
  const priced = known.flatMap(({ record: { usd }, times }) =>
    usd === null ? [] : [{ usd, times }],
  );
  return {
    workers,
    priced: priced.reduce((sum, { times }) => sum + times, 0),
    timed: known.reduce((sum, { times }) => sum + times, 0),
    usd: sumOf(priced.map(({ usd, times }) => timesOf(usd, times))),
    workMs: sumOf(known.map(({ record: { ms }, times }) => timesOf(ms, times))),
    chain: known.length === 0 ? null : chainOf(nodes, found),
    attempts: [...new Set(known.map(({ record }) => record))].reduce(
      (sum, { attempts }) => sum + attempts,
      0,
    ),
  };
}

/** How often something like the record would be done for a node, and how many of these one after another. */
type Share = { times: number; inRow: number };
type Known = Share & { record: TrackRecord };

/** null: a map whose items are not known yet. Of what no worker does, nothing. */
function shareOf(node: NodeSpec, { items, concurrency }: Question): Share | null {
  if (node.kind === 'agent') return { times: 1, inRow: 1 };
  if (node.map === null || node.map.item.kind !== 'agent') return { times: 0, inRow: 0 };
  const now = items.get(node.name);
  const inRow = itemsInRow(node, now, concurrency);
  return now?.kind !== 'known' || inRow === null ? null : { times: now.nodes.length, inRow };
}

function timesOf({ median, p80 }: Quantiles, times: number): Quantiles {
  return { median: median * times, p80: p80 * times };
}

/** The role of who works: of a map, that of its items. */
export function roleOf(node: NodeSpec): string {
  return node.map?.item.role ?? node.role;
}

function chainOf(
  nodes: readonly NodeSpec[],
  found: ReadonlyMap<string, Known>,
): NonNullable<Estimate['chain']> {
  const timeOf = (name: string): Quantiles => {
    const known = found.get(name);
    return known === undefined ? { median: 0, p80: 0 } : timesOf(known.record.ms, known.inRow);
  };
  const { path, weight } = criticalPath(nodes, ({ name }) => timeOf(name).median);
  const kinds = new Map(nodes.map((node) => [node.name, node.kind]));
  return {
    path,
    ms: { median: weight, p80: path.reduce((sum, name) => sum + timeOf(name).p80, 0) },
    unknown: path.filter((name) => !found.has(name) && kinds.get(name) !== 'gate').length,
  };
}

function sumOf(all: readonly Quantiles[]): Quantiles | null {
  if (all.length === 0) return null;
  return all.reduce((sum, one) => ({ median: sum.median + one.median, p80: sum.p80 + one.p80 }));
}
