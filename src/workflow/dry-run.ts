import { criticalPath, layersOf } from '../core/graph.ts';
import type { NodeSpec } from '../core/node.ts';
import type { TrackRecord } from '../core/track-record.ts';
import { adviceOn } from './advice.ts';
import { assignRoutes, type Assignment, type Surroundings } from './assign.ts';
import { estimateOf, type Estimate } from './estimate.ts';
import { itemsInRow, type ItemsNow } from './items-now.ts';
import { findOverlaps, inTurn } from './overlaps.ts';
import type { Whole } from './whole.ts';

/** What would happen, as far as it can be known before: nothing has run. */
export type DryRun = {
  nodes: readonly NodeSpec[];
  concurrency: number;
  /** null: said elsewhere. */
  whole: Whole | null;
  /** Nodes of a batch wait only for earlier batches. */
  batches: string[][];
  /** Writers that would have to wait for each other though neither needs the other. */
  overlaps: [string, string][];
  /** The longest chain of nodes that wait for each other, and the most time it can take with one attempt each and without waiting for a person. */
  longest: { path: string[]; ms: number };
  /** By node; empty where nobody was asked who is there. */
  assignments: ReadonlyMap<string, Assignment>;
  records: readonly TrackRecord[];
  /** By map; empty where nobody looked. */
  items: ReadonlyMap<string, ItemsNow>;
  estimate: Estimate;
  advice: string[];
};

export type DryRunQuestion = {
  concurrency: number;
  /** null: who would do what is left open. */
  surroundings?: Surroundings | null;
  records?: readonly TrackRecord[];
  items?: ReadonlyMap<string, ItemsNow>;
  whole?: Whole | null;
};

export function dryRun(
  nodes: readonly NodeSpec[],
  {
    concurrency,
    surroundings = null,
    records = [],
    items = new Map(),
    whole = null,
  }: DryRunQuestion,
): DryRun {
  const batches = layersOf(nodes);
  const { pairs, isComplete } = findOverlaps(nodes, batches);
  const waiting = inTurn(nodes, batches, pairs);
  const { path, weight } = criticalPath(
    waiting,
    (node) => mostMs(node) * (itemsInRow(node, items.get(node.name), concurrency) ?? 1),
    batches,
  );
  const assignments =
    surroundings === null
      ? new Map<string, Assignment>()
      : assignRoutes(nodes, batches, surroundings);
  return {
    nodes,
    concurrency,
    whole,
    batches,
    overlaps: pairs,
    longest: { path, ms: weight },
    assignments,
    records,
    items,
    estimate: estimateOf({ nodes: waiting, assignments, records, items, concurrency }),
    advice: [
      ...adviceOn({ nodes, batches, overlaps: pairs, concurrency, assignments }),
      ...(isComplete
        ? []
        : [
            'There are more nodes with overlapping scopes than are listed, so the longest chain may be longer.',
          ]),
    ],
  };
}

function mostMs({ kind, timeoutMs, map }: NodeSpec): number {
  return kind === 'approval' || kind === 'gate' ? 0 : (map?.item.timeoutMs ?? timeoutMs);
}
