import type { NodeStatus } from '../core/run.ts';
import { nodeStatuses, type RunView } from '../core/view.ts';
import { oneLine } from './amounts.ts';
import type { FailedItem } from '../store/node-table.ts';
import type { Store } from '../store/store.ts';

/** How the items of one map are, whatever their number. */
export type MapCount = {
  map: string;
  counts: ReadonlyMap<NodeStatus, number>;
  /** The first that failed. */
  failed: readonly FailedItem[];
};

/** Of the failed items only so many are named. */
const mostFailed = 3;

export function mapCountOf(
  store: Store,
  runId: string,
  { map, counts }: RunView['maps'][number],
): MapCount {
  const failed = counts.failed === undefined ? [] : store.failedItems(runId, map, mostFailed);
  return { map, counts: new Map(entriesOf(counts)), failed };
}

export function entriesOf(counts: RunView['counts']): [NodeStatus, number][] {
  return nodeStatuses.flatMap((status): [NodeStatus, number][] => {
    const count = counts[status];
    return count === undefined ? [] : [[status, count]];
  });
}

/** `812/10000 done, 16 at work, 3 failed (docs-4 src/a.ts, docs-9 src/b.ts, docs-77 src/c.ts)` */
export function mapText({ counts, failed }: MapCount): string {
  const count = (...statuses: NodeStatus[]): number =>
    statuses.reduce((sum, status) => sum + (counts.get(status) ?? 0), 0);
  const busy = count('running', 'gating');
  const lost = count('failed');
  const stuck = count('blocked', 'stopped');
  const names = failed.slice(0, mostFailed).map(nameOf).join(', ');
  return [
    `${doneOf(counts)}/${totalOf(counts)} done`,
    ...(busy === 0 ? [] : [`${busy} at work`]),
    ...(lost === 0 ? [] : [`${lost} failed (${names}${lost > mostFailed ? ', …' : ''})`]),
    ...(stuck === 0 ? [] : [`${stuck} blocked or stopped`]),
  ].join(', ');
}

const itemCells = 40;

function nameOf({ node, item }: FailedItem): string {
  return item === null ? node : `${node} ${oneLine(item, itemCells)}`;
}

export function totalOf(counts: MapCount['counts']): number {
  return [...counts.values()].reduce((sum, count) => sum + count, 0);
}

export function doneOf(counts: MapCount['counts']): number {
  return (counts.get('verified') ?? 0) + (counts.get('skipped') ?? 0);
}
