/**
 * Nodes by name, in the order they were added. Never changes: `with` gives another one that shares the names, so that an event in a
 * run of ten thousand nodes costs the copy of a list and not of a map.
 */
export class NodeMap<
  Node extends { spec: { name: string }; state: { status: string } },
> implements ReadonlyMap<string, Node> {
  readonly #nodes: readonly Node[];
  readonly #places: ReadonlyMap<string, number>;
  readonly #counts: Counts<Node>;

  constructor(nodes: readonly Node[], known?: Known<Node>) {
    this.#nodes = nodes;
    this.#places = known?.places ?? new Map(nodes.map((node, place) => [node.spec.name, place]));
    this.#counts = known?.counts ?? countsOf(nodes);
  }

  /** In the place of the one of its name, or behind all others. */
  with(node: Node): NodeMap<Node> {
    const place = this.#places.get(node.spec.name);
    const old = place === undefined ? undefined : this.#nodes[place];
    if (place === undefined || old === undefined) return new NodeMap([...this.#nodes, node]);
    const counts = changed(this.#counts, old.state.status, node.state.status);
    return new NodeMap(this.#nodes.with(place, node), { places: this.#places, counts });
  }

  /** How many nodes there are of each status; those with none are left out. */
  get counts(): Counts<Node> {
    return this.#counts;
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

type StatusOf<Node extends { state: { status: string } }> = Node['state']['status'];
type Counts<Node extends { state: { status: string } }> = ReadonlyMap<StatusOf<Node>, number>;
type Known<Node extends { state: { status: string } }> = {
  places: ReadonlyMap<string, number>;
  counts: Counts<Node>;
};

function countsOf<Node extends { state: { status: string } }>(
  nodes: readonly Node[],
): Counts<Node> {
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
