import { groupBy } from './group-by.ts';
import { layersOf } from './graph.ts';
import type { NodeSpec } from './node.ts';

export type DrawnNode = Pick<NodeSpec, 'name' | 'kind' | 'needs' | 'onFail' | 'map'>;

/**
 * The graph as plain text, at most `width` columns, which are 40 or more. Up to 60 nodes every row is a node, or nodes that need the same and are needed by
 * the same, and lines lead from what is needed to who needs it; a graph that is larger, or too tangled, becomes its batches.
 */
export function drawGraph(nodes: readonly DrawnNode[], width = 80): string[] {
  if (nodes.length === 0) return [];
  const lean = nodes.length > mostDrawn ? nodes : withoutShortcuts(nodes);
  const layers = layersOf(lean);
  const rows = nodes.length > mostDrawn ? null : drawRows(groupsOf(lean, layers), width);
  return rows === null ? drawLayers(nodes, layers, width) : [...rows, ...legendOf(nodes)];
}

/** Without the needs that follow from others: who needs b, which needs a, waits for a anyway. */
export function withoutShortcuts<N extends Pick<NodeSpec, 'name' | 'needs'>>(
  nodes: readonly N[],
): N[] {
  const byName = new Map(nodes.map((node) => [node.name, node]));
  const above = new Map<string, Set<string>>();
  for (const name of layersOf(nodes).flat()) {
    const needs = byName.get(name)?.needs ?? [];
    above.set(name, new Set(needs.flatMap((need) => [need, ...(above.get(need) ?? [])])));
  }
  return nodes.map((node) => ({
    ...node,
    needs: node.needs.filter(
      (need) => !node.needs.some((other) => other !== need && above.get(other)?.has(need)),
    ),
  }));
}

const mostDrawn = 60;
const mostLanes = 20;
const mostLayers = 40;
const mostLabelLines = 4;
const leastLabel = 12;

const symbols: Record<NodeSpec['kind'], string> = {
  agent: '●',
  command: '■',
  gate: '◆',
  map: '▲',
  approval: '?',
};

/** Where all are agents there is nothing to tell apart. */
function legendOf(nodes: readonly DrawnNode[]): string[] {
  const kinds = [...new Set(nodes.map((node) => node.kind))];
  if (kinds.every((kind) => kind === 'agent')) return [];
  return ['', kinds.map((kind) => `${symbols[kind]} ${kind}`).join('   ')];
}

/** Nodes of one kind that need the same and are needed by the same: one row. */
type Group = {
  members: DrawnNode[];
  layer: number;
  /** First names of the groups this one needs. */
  needs: Set<string>;
  neededBy: Set<string>;
};

function groupsOf(
  nodes: readonly DrawnNode[],
  layers: readonly (readonly string[])[],
): Map<string, Group> {
  const dependents = new Map<string, string[]>(nodes.map(({ name }) => [name, []]));
  for (const node of nodes) {
    for (const need of node.needs) dependents.get(need)?.push(node.name);
  }
  const byName = new Map(nodes.map((node) => [node.name, node]));
  const byKey = new Map<string, Group>();
  const groupOf = new Map<string, Group>();
  for (const [layer, names] of layers.entries()) {
    for (const name of names) {
      const node = byName.get(name);
      if (node === undefined) continue;
      const alone = node.onFail !== null || node.map !== null ? name : '';
      const key = [
        node.kind,
        node.needs.toSorted().join(),
        dependents.get(name)?.join(),
        alone,
      ].join('|');
      const group = byKey.get(key) ?? {
        members: [],
        layer,
        needs: new Set(),
        neededBy: new Set(),
      };
      group.members.push(node);
      byKey.set(key, group);
      groupOf.set(name, group);
    }
  }
  const groups = [...byKey.values()];
  for (const group of groups) {
    for (const need of group.members[0]?.needs ?? []) {
      const needed = groupOf.get(need);
      if (needed === undefined) continue;
      group.needs.add(keyOf(needed));
      needed.neededBy.add(keyOf(group));
    }
  }
  return new Map(groups.map((group) => [keyOf(group), group]));
}

function keyOf(group: Group): string {
  return group.members[0]?.name ?? '';
}

/** A lane leads down from a row to the last one that needs it. `open`: who still has to be drawn. */
type Lane = { from: string; open: Set<string> } | null;

/** null when more lines would run side by side than a reader can follow. */
function drawRows(groups: ReadonlyMap<string, Group>, width: number): string[] | null {
  const numberWidth = String(
    Math.max(...[...groups.values()].map(({ layer }) => layer + 1)),
  ).length;
  const lines: string[] = [];
  let lanes: Lane[] = [];
  let leafLane = -1;
  let shownLayer = -1;
  for (const group of inDrawingOrder(groups, () => lanes)) {
    const drawn = drawRow(group, lanes, leafLane);
    if (drawn.lanes.length > mostLanes) return null;
    const number = group.layer === shownLayer ? '' : String(group.layer + 1);
    shownLayer = group.layer;
    const below = drawn.lanes.map((lane) => (lane === null ? ' ' : '│')).join(' ');
    const room = Math.max(drawn.rails.length, below.length);
    const texts = labelLines(group, Math.max(leastLabel, width - numberWidth - room - 4));
    for (const [index, text] of texts.entries()) {
      const rails = index === 0 ? drawn.rails : below;
      lines.push(
        `${(index === 0 ? number : '').padStart(numberWidth)}  ${rails.padEnd(room)}  ${text}`.trimEnd(),
      );
    }
    lanes = drawn.lanes;
    leafLane = group.neededBy.size === 0 ? drawn.own : -1;
  }
  return lines;
}

/** Batch by batch; within one, who hangs on the leftmost line first, so that fewer lines cross. */
function* inDrawingOrder(
  groups: ReadonlyMap<string, Group>,
  lanesNow: () => readonly Lane[],
): Generator<Group> {
  const byLayer = groupBy(groups.values(), ({ layer }) => layer);
  for (const layer of byLayer.values()) {
    const lanes = lanesNow();
    const leftmost = (group: Group): number =>
      lanes.findIndex((lane) => lane !== null && group.needs.has(lane.from));
    yield* layer.toSorted((left, right) => leftmost(left) - leftmost(right));
  }
}

function drawRow(
  group: Group,
  before: readonly Lane[],
  leafLane: number,
): { rails: string; lanes: Lane[]; own: number } {
  const key = keyOf(group);
  const lanes = before.map((lane) =>
    lane === null
      ? null
      : { from: lane.from, open: new Set([...lane.open].filter((one) => one !== key)) },
  );
  const needed = lanes.flatMap((lane, index) =>
    lane !== null && group.needs.has(lane.from) ? [index] : [],
  );
  const ending = new Set(needed.filter((index) => lanes[index]?.open.size === 0));
  const own = ownLane(lanes, [...ending], leafLane);
  const from = Math.min(own, ...needed);
  const to = Math.max(own, ...needed);
  let rails = '';
  for (let index = 0; index < Math.max(lanes.length, own + 1); index += 1) {
    const isInside = index > from && index < to;
    if (index === own) rails += symbols[group.members[0]?.kind ?? 'agent'];
    else if (needed.includes(index))
      rails += corner({ isInside, isLeft: index < own, isEnd: ending.has(index) });
    else if ((lanes[index] ?? null) !== null) rails += '│';
    else rails += isInside ? '─' : ' ';
    rails += index >= from && index < to ? '─' : ' ';
  }
  for (const index of ending) lanes[index] = null;
  while (lanes.length < own) lanes.push(null);
  lanes[own] = group.neededBy.size === 0 ? null : { from: key, open: new Set(group.neededBy) };
  while (lanes.length > 0 && lanes.at(-1) === null) lanes.pop();
  return { rails: rails.trimEnd(), lanes, own };
}

/** The line that ends here goes on; else a free place, but not right below the end of another one: that would look like a line. */
function ownLane(lanes: readonly Lane[], ending: readonly number[], leafLane: number): number {
  const [first] = ending;
  if (first !== undefined) return first;
  const free = lanes.findIndex((lane, index) => lane === null && index !== leafLane);
  if (free !== -1) return free;
  return lanes.length === leafLane ? leafLane + 1 : lanes.length;
}

function corner({
  isInside,
  isLeft,
  isEnd,
}: {
  isInside: boolean;
  isLeft: boolean;
  isEnd: boolean;
}): string {
  if (isInside) return isEnd ? '┴' : '┼';
  if (isLeft) return isEnd ? '╰' : '├';
  return isEnd ? '╯' : '┤';
}

function labelLines({ members }: Group, room: number): string[] {
  const [first] = members;
  if (first === undefined) return [];
  if (members.length === 1) return [cut(`${first.name}${noteOf(first)}`, room)];
  const lines: string[] = [];
  let line = '';
  for (const [index, { name }] of members.entries()) {
    const word = index === members.length - 1 ? name : `${name}, `;
    if (line !== '' && line.length + word.trimEnd().length > room) {
      lines.push(line.trimEnd());
      line = '';
    }
    const left = members.length - index;
    // One more takes no more room by its name than by its number.
    if (lines.length === mostLabelLines && left > 1)
      return [...lines.map((one) => cut(one, room)), `and ${left} more`];
    line += word;
  }
  return [...lines, line].map((one) => cut(one, room));
}

function noteOf({ onFail, map }: DrawnNode): string {
  if (onFail !== null) return `  ↺ ${onFail.retry}, at most ${onFail.maxRetries}×`;
  return map === null ? '' : `  over ${map.over}`;
}

/** One line a batch: its first names, and how many there are. */
function drawLayers(
  nodes: readonly DrawnNode[],
  layers: readonly (readonly string[])[],
  width: number,
): string[] {
  const kinds = new Map(nodes.map((node) => [node.name, node.kind]));
  const numberWidth = String(layers.length).length;
  const lines = layers.slice(0, mostLayers).map((names, index) => {
    const counts = new Map<string, number>();
    for (const name of names) {
      const kind = kinds.get(name) ?? 'agent';
      counts.set(kind, (counts.get(kind) ?? 0) + 1);
    }
    const count = [...counts]
      .map(([kind, number]) => `${number} ${kind}${number === 1 ? '' : 's'}`)
      .join(', ');
    const head = `${String(index + 1).padStart(numberWidth)}  `;
    return `${head}${firstNames(names, width - head.length - count.length - 3)}  ${count}`;
  });
  return layers.length > mostLayers
    ? [...lines, `… and ${layers.length - mostLayers} more batches`]
    : lines;
}

function firstNames(names: readonly string[], room: number): string {
  const all = names.slice(0, 20).join(', ');
  if (names.length <= 20 && all.length <= room) return all.padEnd(room);
  return `${all.slice(0, Math.max(0, room - 3))} …`.padEnd(room);
}

function cut(text: string, room: number): string {
  return text.length <= room ? text : `${text.slice(0, Math.max(0, room - 1))}…`;
}
