import type { NodeSpec } from '../core/node.ts';
import { fixedBeginning } from '../core/path-pattern.ts';
import { scopesOverlap } from '../core/scope.ts';

/** Pairs of writers that neither needs the other and whose scopes may overlap. `isComplete` is false when there are more than were looked for. */
export function findOverlaps(
  nodes: readonly NodeSpec[],
  batches: readonly (readonly string[])[],
): { pairs: [string, string][]; isComplete: boolean } {
  const layers = new Map(batches.flatMap((batch, index) => batch.map((name) => [name, index])));
  const order: Order = {
    byName: new Map(nodes.map((node) => [node.name, node])),
    layers,
    steps: 0,
  };
  const pairs: [string, string][] = [];
  const seen = new Set<string>();
  let looks = 0;
  for (const [left, right] of candidates(nodes)) {
    looks += 1;
    if (looks > maxLooks || pairs.length >= maxPairs || order.steps > maxSteps) {
      return { pairs, isComplete: false };
    }
    const key = `${left.name} ${right.name}`;
    if (seen.has(key)) continue;
    seen.add(key);
    if (isOrdered(left, right, order) || !scopesOverlap(left.scope, right.scope)) continue;
    pairs.push([left.name, right.name]);
  }
  return { pairs, isComplete: true };
}

/** Writers that overlap as if the later one needed the earlier one: in the order of the batches, which is the one they are started in. */
export function inTurn(
  nodes: readonly NodeSpec[],
  batches: readonly (readonly string[])[],
  pairs: readonly (readonly [string, string])[],
): readonly NodeSpec[] {
  if (pairs.length === 0) return nodes;
  const places = new Map(batches.flat().map((name, place) => [name, place]));
  const waitsFor = new Map<string, string[]>();
  for (const [left, right] of pairs) {
    const isFirst = (places.get(left) ?? 0) < (places.get(right) ?? 0);
    const [first, later] = isFirst ? [left, right] : [right, left];
    waitsFor.set(later, [...(waitsFor.get(later) ?? []), first]);
  }
  return nodes.map((node) => {
    const more = waitsFor.get(node.name);
    return more === undefined ? node : { ...node, needs: [...node.needs, ...more] };
  });
}

const maxPairs = 100;
const maxLooks = 20_000;
const maxSteps = 500_000;

/**
 * Only pairs with a chance: patterns can meet only when the fixed beginning of one continues that of the other. Sorted, all that
 * continue a beginning stand right behind it, so thousands of writers of disjoint folders cost no comparisons.
 */
function* candidates(nodes: readonly NodeSpec[]): Generator<[NodeSpec, NodeSpec]> {
  const place = new Map(nodes.map((node, index) => [node.name, index]));
  const beginnings = nodes
    .filter((node) => node.write)
    .flatMap((node) => beginningsOf(node).map((beginning) => ({ beginning, node })))
    .toSorted((left, right) =>
      left.beginning < right.beginning ? -1 : left.beginning === right.beginning ? 0 : 1,
    );
  for (const [index, { beginning, node }] of beginnings.entries()) {
    for (let next = index + 1; next < beginnings.length; next += 1) {
      const other = beginnings[next];
      if (other === undefined || !other.beginning.startsWith(beginning)) break;
      if (other.node === node) continue;
      const isFirst = (place.get(node.name) ?? 0) < (place.get(other.node.name) ?? 0);
      yield isFirst ? [node, other.node] : [other.node, node];
    }
  }
}

function beginningsOf({ scope }: NodeSpec): string[] {
  if (scope === null) return [];
  if (scope === 'any') return [''];
  return [...new Set(scope.allow.map(fixedBeginning))];
}

type Order = {
  byName: ReadonlyMap<string, NodeSpec>;
  layers: ReadonlyMap<string, number>;
  steps: number;
};

/** Whether one needs the other, directly or through others. Nodes of one layer never do. */
function isOrdered(left: NodeSpec, right: NodeSpec, order: Order): boolean {
  const [low, high] = layerOf(left, order) < layerOf(right, order) ? [left, right] : [right, left];
  const floor = layerOf(low, order);
  if (layerOf(high, order) === floor) return false;
  const seen = new Set([high.name]);
  for (const name of seen) {
    for (const need of order.byName.get(name)?.needs ?? []) {
      order.steps += 1;
      if (need === low.name) return true;
      if ((order.layers.get(need) ?? -1) > floor) seen.add(need);
    }
  }
  return false;
}

function layerOf(node: NodeSpec, order: Order): number {
  return order.layers.get(node.name) ?? 0;
}
