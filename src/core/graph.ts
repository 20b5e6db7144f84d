import { didYouMean } from './closest.ts';
import { nodeName, reservedName } from './names.ts';
import type { NodeSpec } from './node.ts';
import { scopeErrors } from './scope.ts';

/** What a graph check looks at; every `NodeSpec` has it. */
export type GraphNode = Pick<NodeSpec, 'name' | 'kind' | 'needs' | 'task' | 'write' | 'scope'>;

/** `node` is null where the whole graph is meant; `field` is the key of the node that has to change, `item` the entry of its list. */
export type GraphError = {
  node: string | null;
  field: string;
  item: number | null;
  what: string;
  fix: string;
};

export const maxNodes = 10_000;

/** A file with a thousand mistakes has one mistake; nobody reads past this many. */
const maxErrors = 100;

/** Looking for the word that was meant goes through all names, so only the first mistakes get a suggestion. */
const maxSuggestions = 20;

/** Everything wrong with these nodes, all at once. `known`: nodes that are in the graph already and may be needed. */
export function graphErrors(
  nodes: readonly GraphNode[],
  known: readonly Pick<NodeSpec, 'name'>[] = [],
): GraphError[] {
  const total = nodes.length + known.length;
  if (total > maxNodes) {
    return [
      {
        node: null,
        field: 'nodes',
        item: null,
        what: `${total} nodes are more than a run may have (${maxNodes}).`,
        fix: 'Split the work into several runs.',
      },
    ];
  }
  const knownNames = new Set(known.map((node) => node.name));
  const errors = [...duplicateErrors(nodes, knownNames)];
  const names = new Set([...knownNames, ...nodes.map((node) => node.name)]);
  for (const node of nodes) {
    if (errors.length >= maxErrors) return errors.slice(0, maxErrors);
    const candidates = errors.length < maxSuggestions ? names : [];
    errors.push(...nodeErrors(node), ...needErrors(node, names, candidates));
  }
  const cycle = findCycle(nodes);
  if (cycle !== null) errors.push(cycleError(nodes, cycle));
  return errors.slice(0, maxErrors);
}

/** Names in batches: everything in a batch needs only what stands in earlier ones. Needs outside `nodes` count as done. Nodes on a cycle, or behind one, are in no batch. */
export function layersOf(nodes: readonly Pick<NodeSpec, 'name' | 'needs'>[]): string[][] {
  const places = new Map(nodes.map(({ name }, place) => [name, place]));
  const waitsFor = new Int32Array(nodes.length);
  const dependents = new Map<number, number[]>();
  for (const place of places.values()) {
    const needs = nodes[place]?.needs ?? [];
    for (const need of needs.length > 1 ? new Set(needs) : needs) {
      const needed = places.get(need);
      if (needed === undefined) continue;
      waitsFor[place] = (waitsFor[place] ?? 0) + 1;
      const list = dependents.get(needed);
      if (list === undefined) dependents.set(needed, [place]);
      else list.push(place);
    }
  }
  const layers: string[][] = [];
  let layer = [...places.values()].filter((place) => waitsFor[place] === 0);
  while (layer.length > 0) {
    layers.push(layer.map((place) => nodes[place]?.name ?? ''));
    const next: number[] = [];
    for (const place of layer) {
      for (const dependent of dependents.get(place) ?? []) {
        const left = (waitsFor[dependent] ?? 0) - 1;
        waitsFor[dependent] = left;
        if (left === 0) next.push(dependent);
      }
    }
    layer = next;
  }
  return layers;
}

/** All nodes that need this one, directly or through others; without itself, in the order they are reached. */
export function downstreamOf(
  nodes: readonly Pick<NodeSpec, 'name' | 'needs'>[],
  name: string,
): string[] {
  const dependents = dependentsOf(nodes);
  const seen = new Set([name]);
  for (const reached of seen) {
    for (const dependent of dependents.get(reached) ?? []) seen.add(dependent);
  }
  seen.delete(name);
  return [...seen];
}

/** The chain of needs that takes longest, first node first. `weightOf` gives a node's time in any unit; by default every node counts one. `layers`: where they are known. */
export function criticalPath<N extends Pick<NodeSpec, 'name' | 'needs'>>(
  nodes: readonly N[],
  weightOf: (node: N) => number = () => 1,
  layers: readonly (readonly string[])[] = layersOf(nodes),
): { path: string[]; weight: number } {
  const byName = new Map(nodes.map((node) => [node.name, node]));
  const best = new Map<string, { weight: number; before: string | null }>();
  let last: string | null = null;
  for (const name of layers.flat()) {
    const node = byName.get(name);
    if (node === undefined) continue;
    let before: string | null = null;
    for (const need of node.needs) {
      const weight = best.get(need)?.weight ?? -1;
      if (weight > (before === null ? -1 : (best.get(before)?.weight ?? -1))) before = need;
    }
    const weight = weightOf(node) + (before === null ? 0 : (best.get(before)?.weight ?? 0));
    best.set(name, { weight, before });
    if (last === null || weight > (best.get(last)?.weight ?? 0)) last = name;
  }
  const path: string[] = [];
  for (let at = last; at !== null; at = best.get(at)?.before ?? null) path.unshift(at);
  return { path, weight: last === null ? 0 : (best.get(last)?.weight ?? 0) };
}

function duplicateErrors(nodes: readonly GraphNode[], known: ReadonlySet<string>): GraphError[] {
  const errors: GraphError[] = [];
  const seen = new Set<string>();
  for (const { name } of nodes) {
    if (known.has(name) || seen.has(name)) {
      errors.push({
        node: name,
        field: 'name',
        item: null,
        what: known.has(name)
          ? `the run already has a node ${name}.`
          : `two nodes are called ${name}.`,
        fix: 'Give every node a name of its own.',
      });
    }
    seen.add(name);
  }
  return errors;
}

function nodeErrors(node: GraphNode): GraphError[] {
  const errors: GraphError[] = [];
  const add = (field: string, what: string, fix: string): void => {
    errors.push({ node: node.name, field, item: null, what, fix });
  };
  if (!nodeName.safeParse(node.name).success) {
    const shown = JSON.stringify(node.name.slice(0, 80));
    add(
      'name',
      `${shown} is no node name.`,
      'Use 1 to 64 of the characters a-z, 0-9, - and _: a name becomes a folder and a branch.',
    );
  }
  const reserved = reservedName(node.name);
  if (reserved !== null) add('name', reserved.what, reserved.fix);
  if (node.kind === 'command' && node.task.trim() === '') {
    add('run', 'a command node needs a command.', 'Say what to run: `run: npm test`.');
  }
  if (node.kind === 'agent' && node.task.trim() === '') {
    add('task', 'an agent node needs a task.', 'Say in a few sentences what the worker must do.');
  }
  if (node.write && node.scope === null) {
    add(
      'scope',
      'a node that writes needs a scope.',
      'List the paths it may change: `scope: { allow: ["src/**"] }`; `scope: any` where it may be everything.',
    );
  }
  if (node.scope !== null && node.scope !== 'any') {
    for (const error of scopeErrors(node.scope)) add('scope', error, '');
  }
  return errors;
}

function needErrors(
  node: GraphNode,
  names: ReadonlySet<string>,
  candidates: Iterable<string>,
): GraphError[] {
  const errors: GraphError[] = [];
  for (const need of new Set(node.needs)) {
    if (need === node.name) {
      errors.push({
        node: node.name,
        field: 'needs',
        item: node.needs.indexOf(need),
        what: `${node.name} needs itself.`,
        fix: `Remove ${need} from its needs.`,
      });
    } else if (!names.has(need)) {
      errors.push({
        node: node.name,
        field: 'needs',
        item: node.needs.indexOf(need),
        what: `there is no node ${JSON.stringify(need.slice(0, 80))}.`,
        fix: didYouMean(need, candidates) ?? 'Name a node of this graph, or remove the need.',
      });
    }
  }
  return errors;
}

function cycleError(nodes: readonly GraphNode[], cycle: readonly string[]): GraphError {
  const [first = '', ...rest] = cycle;
  const item = nodes.find((node) => node.name === first)?.needs.indexOf(rest[0] ?? first) ?? null;
  return {
    node: first,
    field: 'needs',
    item,
    what: `these nodes wait for each other: ${[first, ...rest, first].join(' → ')}.`,
    fix: `Remove one of these needs, for example ${rest[0] ?? first} from ${first}.`,
  };
}

/** One cycle, each node needing the next one and the last the first; null when there is none. A node that needs itself is reported elsewhere. */
function findCycle(nodes: readonly GraphNode[]): string[] | null {
  const settled = new Set(layersOf(withoutSelf(nodes)).flat());
  const stuck = new Map(
    nodes.filter((node) => !settled.has(node.name)).map((node) => [node.name, node]),
  );
  const seen = new Map<string, number>();
  const path: string[] = [];
  // What is left needs something that is left as well, so that following such needs must come round.
  let name = [...stuck.keys()][0];
  while (name !== undefined) {
    const from = seen.get(name);
    if (from !== undefined) return path.slice(from);
    seen.set(name, path.length);
    path.push(name);
    const at: string = name;
    name = stuck.get(at)?.needs.find((need) => need !== at && stuck.has(need));
  }
  return null;
}

function withoutSelf(nodes: readonly GraphNode[]): Pick<NodeSpec, 'name' | 'needs'>[] {
  return nodes.map(({ name, needs }) => ({ name, needs: needs.filter((need) => need !== name) }));
}

function dependentsOf(
  nodes: readonly Pick<NodeSpec, 'name' | 'needs'>[],
): ReadonlyMap<string, readonly string[]> {
  const dependents = new Map<string, string[]>();
  for (const node of nodes) {
    for (const need of new Set(node.needs)) {
      const list = dependents.get(need);
      if (list === undefined) dependents.set(need, [node.name]);
      else list.push(node.name);
    }
  }
  return dependents;
}
