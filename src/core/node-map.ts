/**
 * Nodes by name, in the order they were added. Never changes: `with` gives another one that shares the names, so that an event in a
 * run of ten thousand nodes costs the copy of a list and not of a map.
 */
export class NodeMap<Node extends { spec: { name: string } }> implements ReadonlyMap<string, Node> {
  readonly #nodes: readonly Node[];
  readonly #places: ReadonlyMap<string, number>;

  constructor(nodes: readonly Node[], places?: ReadonlyMap<string, number>) {
    this.#nodes = nodes;
    this.#places = places ?? new Map(nodes.map((node, place) => [node.spec.name, place]));
  }

  /** In the place of the one of its name, or behind all others. */
  with(node: Node): NodeMap<Node> {
    const place = this.#places.get(node.spec.name);
    return place === undefined
      ? new NodeMap([...this.#nodes, node])
      : new NodeMap(this.#nodes.with(place, node), this.#places);
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
