import { z } from 'zod';
import type { RunSpec } from './event.ts';
import type { Part } from './node.ts';
import type { Run } from './run.ts';

/** How many entries of a list are done: `tasks 2 of 5`. */
export const progress = z.object({
  of: z.string(),
  done: z.number().int(),
  total: z.number().int(),
});
export type Progress = z.infer<typeof progress>;

/** Of every list that nodes of the run belong to, in their order. An entry is done when all its nodes, and what they added, are. */
export function progressOfRun(run: Run): Progress[] {
  return listsOf(run.spec).map(({ of, total, entries }) => ({
    of,
    done: entries.filter((names) => names.every((name) => isDone(run, name))).length,
    total,
  }));
}

/** `tasks 2 of 5 done` */
export function progressText({ of, done, total }: Progress): string {
  return `${of} ${done} of ${total} done`;
}

function isDone(run: Run, name: string): boolean {
  const node = run.nodes.get(name);
  if (node?.state.status === 'skipped') return true;
  if (node?.state.status !== 'verified' || !node.state.landed) return false;
  return (node.emitted ?? []).every((one) => isDone(run, one));
}

type List = { of: string; total: number; entries: string[][] };

/** The nodes of a spec never change, and it is asked for with every event. */
const known = new WeakMap<RunSpec['nodes'], List[]>();

function listsOf({ nodes }: RunSpec): List[] {
  const found = known.get(nodes);
  if (found !== undefined) return found;
  const lists = new Map<string, { total: number; entries: Map<Part['n'], string[]> }>();
  for (const { name, part } of nodes) {
    if (part === null) continue;
    const list = lists.get(part.of) ?? { total: part.total, entries: new Map() };
    list.entries.set(part.n, [...(list.entries.get(part.n) ?? []), name]);
    lists.set(part.of, list);
  }
  const all = [...lists].map(([of, { total, entries }]) => ({
    of,
    total,
    entries: [...entries.values()],
  }));
  known.set(nodes, all);
  return all;
}
