import type { Json } from '../core/json.ts';
import type { NodeSpec } from '../core/node.ts';
import { scopesOverlap } from '../core/scope.ts';
import { compileExpression, type ReadSource } from './expression.ts';
import { itemNodes } from './map-items.ts';
import { findOverlaps } from './overlaps.ts';

/** What the items of a map are as long as nothing has run. */
export type ItemsNow =
  | { kind: 'known'; nodes: readonly NodeSpec[] }
  /** Known when these are done; none: when the run has started. */
  | { kind: 'later'; after: readonly string[] }
  | { kind: 'wrong'; error: string };

/** Reads `over` of a map now, unless it depends on what the run hands over. What `read` throws comes out. */
export async function itemsNow(
  map: NodeSpec,
  inputs: Readonly<Record<string, Json>>,
  read: ReadSource,
): Promise<ItemsNow> {
  const compiled = await compileExpression(map.map?.over ?? '', { hasSources: true });
  if ('error' in compiled) return { kind: 'wrong', error: compiled.error.what };
  const { expression } = compiled;
  const roots = new Set(expression.reads.map(({ root }) => root));
  roots.delete('inputs');
  if (roots.size > 0) {
    const after = map.needs.filter((need) => roots.has(need) || roots.has('nodes'));
    return { kind: 'later', after };
  }
  const outcome = await expression.evaluateList({ nodes: new Map(), inputs, run: noRun }, read);
  if ('error' in outcome) return { kind: 'wrong', error: outcome.error };
  if (!Array.isArray(outcome.value)) return { kind: 'wrong', error: 'it gives no list.' };
  const made = itemNodes(map, outcome.value);
  return 'error' in made
    ? { kind: 'wrong', error: made.error }
    : { kind: 'known', nodes: made.nodes };
}

const noRun = { id: '', goal: '', cycles: 0, usd: 0, tokens: 0 };

/** Which items would wait for each other because they may change the same files: none, all of them, or these among others. */
export type Waiting =
  | { kind: 'none' }
  | { kind: 'all' }
  | { kind: 'some'; pairs: [string, string][] };

export function waitingItems(nodes: readonly NodeSpec[]): Waiting {
  const { pairs } = findOverlaps(nodes, [nodes.map(({ name }) => name)]);
  if (pairs.length === 0) return { kind: 'none' };
  const [first] = nodes;
  const scope = JSON.stringify(first?.scope);
  const isShared =
    first !== undefined &&
    scopesOverlap(first.scope, first.scope) &&
    nodes.every((node) => JSON.stringify(node.scope) === scope);
  const isEveryPair = pairs.length === (nodes.length * (nodes.length - 1)) / 2;
  return isShared || isEveryPair ? { kind: 'all' } : { kind: 'some', pairs };
}

/** How many of the items, at most, are done one after another; null: not known. */
export function itemsInRow(
  map: NodeSpec,
  now: ItemsNow | undefined,
  concurrency: number,
): number | null {
  if (map.map === null || now?.kind !== 'known') return null;
  const together =
    waitingItems(now.nodes).kind === 'all' ? 1 : Math.min(concurrency, map.map.concurrency);
  return Math.ceil(now.nodes.length / together);
}

/** All items by name, in their order. */
export function namesOfItems(nodes: readonly NodeSpec[]): string[] {
  return nodes.flatMap(({ items }) => items ?? []);
}
