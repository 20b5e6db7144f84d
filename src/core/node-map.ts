import { groupBy } from './group-by.ts';

/**
 * Nodes by name, in the order they were added. Never changes: `with` gives another one that shares the names, so that an event in a
 * run of ten thousand nodes costs the copy of a list and not of a map.
 */
export class NodeMap<Node extends Counted> implements ReadonlyMap<string, Node> {
  readonly #nodes: readonly Node[];
  readonly #places: ReadonlyMap<string, number>;
  #counts: Counts<Node>;
  #items: ReadonlyMap<string, Counts<Node>>;
  /** Set while it is a draft: the same list, which may be changed. */
  #draft: Node[] | null = null;
  #byStatus: ReadonlyMap<StatusOf<Node>, readonly Node[]> | null = null;

  constructor(nodes: readonly Node[], known?: Known<Node>) {
    this.#nodes = nodes;
    this.#places = known?.places ?? new Map(nodes.map((node, place) => [node.spec.name, place]));
    this.#counts = known?.counts ?? countsOf(nodes);
    this.#items = known?.items ?? countsOfItems(nodes);
  }

  /** In the place of the one of its name, or behind all others. */
  with(node: Node): NodeMap<Node> {
    const place = this.#places.get(node.spec.name);
    const old = place === undefined ? undefined : this.#nodes[place];
    if (place === undefined || old === undefined) return new NodeMap([...this.#nodes, node]);
    if (old.spec.itemOf !== node.spec.itemOf) return new NodeMap(this.#nodes.with(place, node));
    const { status: from } = old.state;
    const { status: to } = node.state;
    const counts = changed(this.#counts, from, to);
    const items = changedItems(this.#items, node.spec.itemOf ?? null, from, to);
    if (this.#draft === null)
      return new NodeMap(this.#nodes.with(place, node), { places: this.#places, counts, items });
    this.#draft[place] = node;
    this.#counts = counts;
    this.#items = items;
    this.#byStatus = null;
    return this;
  }

  /** A copy that `with` changes in place until `settle`: for whoever has many changes and shows none of the states between. */
  draft(): NodeMap<Node> {
    const nodes = [...this.#nodes];
    const known = { places: this.#places, counts: this.#counts, items: this.#items };
    const draft = new NodeMap(nodes, known);
    draft.#draft = nodes;
    return draft;
  }

  get isDraft(): boolean {
    return this.#draft !== null;
  }

  settle(): void {
    this.#draft = null;
  }

  /** How many nodes there are of each status; those with none are left out. */
  get counts(): Counts<Node> {
    return this.#counts;
  }

  /** The same of the items of each map, in the order of the maps' first items. */
  get items(): ReadonlyMap<string, Counts<Node>> {
    return this.#items;
  }

  /** The nodes of these statuses, those of one status in their order. Looked for once, however often it is asked. */
  inState(...statuses: StatusOf<Node>[]): Node[] {
    const known = (this.#byStatus ??= groupBy(this.#nodes, ({ state }) => state.status));
    return statuses.flatMap((status) => known.get(status) ?? []);
  }

  get size(): number {
    return this.#nodes.length;
  }

  get(name: string): Node | undefined {
    const place = this.#places.get(name);
    return place === undefined ? undefined : this.#nodes[place];
  }

  has(name: string): boolean {
    return this.#places.has(name);
  }

  keys() {
    return this.#places.keys();
  }

  values() {
    return this.#nodes.values();
  }

  entries() {
    return this.#nodes.map((node): [string, Node] => [node.spec.name, node]).values();
  }

  forEach(visit: (node: Node, name: string, map: ReadonlyMap<string, Node>) => void): void {
    for (const node of this.#nodes) visit(node, node.spec.name, this);
  }

  [Symbol.iterator]() {
    return this.entries();
  }
}

type Counted = { spec: { name: string; itemOf?: string | null }; state: { status: string } };
type StatusOf<Node extends Counted> = Node['state']['status'];
type Counts<Node extends Counted> = ReadonlyMap<StatusOf<Node>, number>;
type Known<Node extends Counted> = {
  places: ReadonlyMap<string, number>;
  counts: Counts<Node>;
  items: ReadonlyMap<string, Counts<Node>>;
};

function countsOfItems<Node extends Counted>(
  nodes: readonly Node[],
): ReadonlyMap<string, Counts<Node>> {
  const items = groupBy(
    nodes.filter(({ spec }) => spec.itemOf != null),
    ({ spec }) => spec.itemOf ?? '',
  );
  return new Map([...items].map(([map, all]) => [map, countsOf(all)]));
}

function changedItems<Status extends string>(
  items: ReadonlyMap<string, ReadonlyMap<Status, number>>,
  map: string | null,
  from: Status,
  to: Status,
): ReadonlyMap<string, ReadonlyMap<Status, number>> {
  const counts = map === null ? undefined : items.get(map);
  if (map === null || counts === undefined || from === to) return items;
  return new Map(items).set(map, changed(counts, from, to));
}

function countsOf<Node extends Counted>(nodes: readonly Node[]): Counts<Node> {
  const counts = new Map<StatusOf<Node>, number>();
  for (const { state } of nodes) counts.set(state.status, (counts.get(state.status) ?? 0) + 1);
  return counts;
}

function changed<Status extends string>(
  counts: ReadonlyMap<Status, number>,
  from: Status,
  to: Status,
): ReadonlyMap<Status, number> {
  if (from === to) return counts;
  const left = (counts.get(from) ?? 0) - 1;
  const next = new Map(counts).set(to, (counts.get(to) ?? 0) + 1);
  if (left > 0) next.set(from, left);
  else next.delete(from);
  return next;
}
