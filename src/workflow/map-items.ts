import type { Json } from '../core/json.ts';
import type { ItemSpec, MapSpec, NodeSpec, Scope } from '../core/node.ts';
import { literalPattern } from '../core/path-pattern.ts';
import { scopeErrors } from '../core/scope.ts';
import { newNode } from './new-node.ts';
import { fillItem, fillItems, itemText, namesItem } from './template.ts';

export type ItemNodes = { nodes: NodeSpec[] } | { error: string };

/** How many items a map may have; more are a mistake, or work for several runs. */
export const maxItems = 10_000;

/**
 * The nodes a map becomes: `<map>-1`, `<map>-2`, … in the order of the items, `batch` items each; names in `taken` are left out. They need what
 * the map needs. The error names the first item that cannot be a node.
 */
export function itemNodes(
  map: NodeSpec,
  list: readonly Json[],
  taken: ReadonlySet<string> = new Set(),
): ItemNodes {
  if (map.map === null) return { error: `${map.name} is no map.` };
  const { as, item, batch } = map.map;
  const chosen = chooseItems(list, map.map);
  if (chosen.length > maxItems) {
    return {
      error: `${map.name} goes over ${chosen.length} items; at most ${maxItems} are taken. Use limit, or several runs.`,
    };
  }
  const nodes: NodeSpec[] = [];
  let number = 0;
  for (let at = 0; at < chosen.length; at += batch) {
    const items = chosen.slice(at, at + batch);
    const scope = scopeOf(item, as, items);
    if ('error' in scope) return { error: `item ${at + 1} of ${map.name}: ${scope.error}` };
    if (items.some((one) => itemText(one).includes('\0')))
      return { error: `item ${at + 1} of ${map.name} holds a NUL character.` };
    let name: string;
    do {
      number += 1;
      name = `${map.name}-${number}`;
    } while (taken.has(name));
    nodes.push(nodeOf(map, item, { name, as, items, scope: scope.scope }));
  }
  return { nodes };
}

/** `limit` takes the first, `sample` then so many spread over what is left: first and last are among them. */
export function chooseItems<T>(
  list: readonly T[],
  { limit, sample }: Pick<MapSpec, 'limit' | 'sample'>,
): T[] {
  const first = limit === null ? [...list] : list.slice(0, limit);
  if (sample === null || sample >= first.length) return first;
  const step = sample === 1 ? 0 : (first.length - 1) / (sample - 1);
  const places = new Set(Array.from({ length: sample }, (_, index) => Math.round(index * step)));
  return first.filter((_, index) => places.has(index));
}

type Part = { name: string; as: string; items: Json[]; scope: NodeSpec['scope'] };

function nodeOf(map: NodeSpec, item: ItemSpec, { name, as, items, scope }: Part): NodeSpec {
  return newNode(
    {
      ...item,
      name,
      // A command is shell text: its items come in the environment.
      task: item.kind === 'command' ? item.task : taskOf(item.task, as, items),
      scope,
      needs: map.needs,
      itemOf: map.name,
      items: items.map((one) => itemText(one)),
    },
    item,
  );
}

/** A task that does not name what it is about gets it at its end. */
function taskOf(task: string, as: string, items: readonly Json[]): string {
  const filled = fillItems(task, as, items);
  if (namesItem(task, as)) return filled;
  const head = items.length === 1 ? 'The item:' : 'The items, one a line:';
  return `${filled.trimEnd()}\n\n${head}\n${items.map((one) => itemText(one)).join('\n')}`;
}

/** With the items in it, each a path as it stands; or why it cannot be used. */
function scopeOf(
  { scope }: ItemSpec,
  as: string,
  items: readonly Json[],
): { scope: NodeSpec['scope'] } | { error: string } {
  if (scope === null || scope === 'any') return { scope };
  const filled: Scope = {
    ...scope,
    allow: scope.allow.flatMap((pattern) => fillPattern(pattern, as, items)),
    deny: scope.deny.flatMap((pattern) => fillPattern(pattern, as, items)),
  };
  const [error] = scopeErrors(filled);
  return error === undefined ? { scope: filled } : { error };
}

function fillPattern(pattern: string, as: string, items: readonly Json[]): string[] {
  if (!namesItem(pattern, as)) return [fillItems(pattern, as, items)];
  return [...new Set(items.map((one) => fillItem(pattern, as, one, literalPattern)))];
}
