import { downstreamOf, graphErrors, type GraphError, type GraphNode } from '../core/graph.ts';
import { reservedName } from '../core/names.ts';
import type { SchemaProblem } from '../core/schema-problems.ts';
import type { LooseFile, LooseNode, LooseWork } from './loose-file.ts';
import { fillStandIn } from './template.ts';

/** Needs, cycles, scopes; and where gates send back to. */
export function graphProblems({ nodes }: LooseFile): SchemaProblem[] {
  if (nodes === null) return [];
  const entries = Object.entries(nodes);
  if (entries.length === 0) return [noNodes];
  return [
    ...graphErrors(entries.map(([name, node]) => graphNode(name, node)))
      // Keys are checked by the schema.
      .filter((error) => error.field !== 'name')
      .map((error) => graphProblem(error, ['nodes'])),
    ...entries.flatMap(([name]) => nameProblems(name)),
    ...entries.flatMap(([name, node]) => itemProblems(name, node)),
    ...entries.flatMap(([name, node]) => scopeWithoutWrite(name, node)),
    ...retryProblems(entries),
    ...itemNameProblems(entries),
  ];
}

/** What a map is called leaves room for the numbers of its items. */
const maxMapName = 58;
const maxRetrying = 500;

const noNodes: SchemaProblem = {
  path: ['nodes'],
  at: 'key',
  what: 'there is no node to run.',
  fix: 'Add one: nodes: { hello: { task: "…" } }.',
};

function graphNode(name: string, node: LooseNode): GraphNode {
  const { kind, needs } = node;
  if (kind !== 'agent' && kind !== 'command') {
    return { name, kind, needs, task: name, write: false, scope: null };
  }
  return { name, kind, needs, ...workOf({ ...node, kind }, name) };
}

function workOf(
  { kind, task, run, write, scope }: LooseWork,
  name: string,
): Pick<GraphNode, 'task' | 'write' | 'scope'> {
  const text = kind === 'agent' ? task : run;
  // A missing text is reported by the schema.
  return { task: text ?? name, write, scope: graphScope(scope) };
}

function graphScope(scope: LooseWork['scope']): GraphNode['scope'] {
  if (scope === undefined) return null;
  if (scope === 'any' || scope === 'unreadable') return 'any';
  return { allow: scope.allow, deny: scope.deny ?? [], maxDiffLines: null };
}

function graphProblem(
  { node, field, item, what, fix }: GraphError,
  above: string[],
): SchemaProblem {
  const path = node === null ? [field] : [...above, node, field, ...(item === null ? [] : [item])];
  return { path, at: 'value', what, fix };
}

function nameProblems(name: string): SchemaProblem[] {
  const reserved = reservedName(name);
  return reserved === null ? [] : [{ path: ['nodes', name], at: 'key', ...reserved }];
}

/** What a map repeats is checked like a node, with something that could be an item in its scope. */
function itemProblems(name: string, { kind, node, as = 'item' }: LooseNode): SchemaProblem[] {
  if (kind !== 'map' || node === undefined) return [];
  const work = workOf(node, name);
  const fill = (text: string): string => fillStandIn(text, as);
  const scope =
    work.scope === null || work.scope === 'any'
      ? work.scope
      : { ...work.scope, allow: work.scope.allow.map(fill), deny: work.scope.deny.map(fill) };
  return graphErrors([{ ...work, name: 'node', kind: node.kind, needs: [], scope }]).map((error) =>
    graphProblem(error, ['nodes', name]),
  );
}

function scopeWithoutWrite(name: string, node: LooseNode): SchemaProblem[] {
  const works = [
    { path: ['nodes', name], work: node },
    ...(node.node === undefined ? [] : [{ path: ['nodes', name, 'node'], work: node.node }]),
  ];
  return works
    .filter(({ work }) => work.scope !== undefined && work.scope !== 'unreadable' && !work.write)
    .map(({ path }) => ({
      path: [...path, 'scope'],
      at: 'key',
      what: 'a node that only reads has no scope.',
      fix: 'Add write: true, or remove the scope.',
    }));
}

function retryProblems(entries: readonly [string, LooseNode][]): SchemaProblem[] {
  const graph = entries.map(([name, { needs }]) => ({ name, needs }));
  const names = new Set(entries.map(([name]) => name));
  const retrying = entries.filter(([, node]) => node.kind === 'gate' && node.on_fail !== undefined);
  if (retrying.length > maxRetrying) {
    return [
      {
        path: ['nodes'],
        at: 'key',
        what: `${retrying.length} gates send back; at most ${maxRetrying} may.`,
        fix: 'Join gates: one takes several expressions.',
      },
    ];
  }
  const after = new Map<string, Set<string>>();
  return retrying.flatMap(([name, { needs, on_fail: onFail }]) => {
    const retry = onFail?.retry ?? '';
    const reached = after.get(retry) ?? new Set(downstreamOf(graph, retry));
    after.set(retry, reached);
    if (names.has(retry) && reached.has(name)) return [];
    const before =
      needs.length === 0 ? 'it needs none yet' : `such as ${needs.slice(0, 5).join(', ')}`;
    return [
      {
        path: ['nodes', name, 'on_fail', 'retry'],
        at: 'value' as const,
        what: names.has(retry)
          ? `${retry} does not come before the gate ${name}.`
          : `there is no node ${JSON.stringify(retry.slice(0, 80))}.`,
        fix: `Name a node that ${name} needs, directly or through others: ${before}.`,
      },
    ];
  });
}

/** Items are called `<map>-1`, `<map>-2`, … */
function itemNameProblems(entries: readonly [string, LooseNode][]): SchemaProblem[] {
  const maps = new Set(entries.filter(([, { kind }]) => kind === 'map').map(([name]) => name));
  if (maps.size === 0) return [];
  return entries.flatMap(([name]) => {
    const map = /^(.+)-[0-9]+$/.exec(name)?.[1];
    const problems: SchemaProblem[] = [];
    if (map !== undefined && maps.has(map)) {
      problems.push({
        path: ['nodes', name],
        at: 'key',
        what: `an item of the map ${map} will have this name.`,
        fix: 'Use another name.',
      });
    }
    if (maps.has(name) && name.length > maxMapName) {
      problems.push({
        path: ['nodes', name],
        at: 'key',
        what: `the name of a map has at most ${maxMapName} characters: its items are called ${name.slice(0, 20)}…-1.`,
        fix: 'Use a shorter one.',
      });
    }
    return problems;
  });
}
