import { z } from 'zod';
import { json } from '../core/json.ts';
import { role } from '../core/names.ts';
import { workflowBudget, workflowInput, workflowScope, type WorkflowFile } from './schema.ts';

const text = z.string().optional().catch(undefined);
const budget = workflowBudget.optional().catch(undefined);

const routeFields = { provider: text, profile: text };

const workFields = {
  role: role.optional().catch(undefined),
  task: text,
  run: text,
  write: z.boolean().catch(false),
  scope: workflowScope.or(z.literal('unreadable')).optional().catch('unreadable'),
  output: z.record(z.string(), json).optional().catch(undefined),
  budget,
  ...routeFields,
};

const looseItem = z.object({
  kind: z.enum(['agent', 'command']).catch('agent'),
  ...workFields,
});
/** What a node does, or what every item of a map does. */
export type LooseWork = z.infer<typeof looseItem>;

const emptyNode = { kind: 'agent' as const, needs: [], pass_when: [], write: false };

const looseNode = z
  .object({
    kind: z.enum(['agent', 'command', 'gate', 'map', 'approval']).catch('agent'),
    needs: z.array(z.string()).catch([]),
    when: text,
    emit: text,
    ask: text,
    pass_when: z.array(z.string()).catch([]),
    on_fail: z.object({ retry: z.string() }).optional().catch(undefined),
    over: z
      .union([z.string(), z.array(z.string())])
      .optional()
      .catch(undefined),
    as: text,
    node: looseItem.optional().catch(undefined),
    ...workFields,
  })
  .catch(emptyNode);
export type LooseNode = z.infer<typeof looseNode>;

/** A file with everything left out that does not fit: what can be said about the rest is said all the same. */
export const looseFile = z
  .object({
    inputs: z.record(z.string(), workflowInput.or(z.null()).catch(null)).catch({}),
    defaults: z
      .object({ ...routeFields, budget })
      .optional()
      .catch(undefined),
    goal: text,
    emitted: z
      .object({ ...routeFields, budget })
      .optional()
      .catch(undefined),
    budget,
    max_nodes: z.number().optional().catch(undefined),
    nodes: z.record(z.string(), looseNode).nullable().catch(null),
  })
  .catch({ inputs: {}, nodes: null });
export type LooseFile = z.infer<typeof looseFile>;

/** The same of a file that fits its schema, without reading it a second time. */
export function looseOf(file: WorkflowFile): LooseFile {
  const nodes = Object.entries(file.nodes).map(([name, node]): [string, LooseNode] => [
    name,
    looseNodeOf(node),
  ]);
  return { ...file, inputs: file.inputs ?? {}, nodes: Object.fromEntries(nodes) };
}

function looseNodeOf(node: WorkflowFile['nodes'][string]): LooseNode {
  const needs = node.needs ?? [];
  if (node.kind !== 'map')
    return { ...emptyNode, ...node, kind: node.kind ?? 'agent', needs, ...writing(node) };
  const { node: item, ...rest } = node;
  const work = { ...item, kind: item.kind ?? 'agent', ...writing(item) };
  return { ...emptyNode, ...rest, needs, node: work };
}

function writing(work: object): { write: boolean } {
  return { write: 'write' in work && work.write === true };
}

/** `as`: the name of an item, where a map repeats it. */
type Work = { path: readonly string[]; work: LooseWork; as: string | null };

/** The parts of a file in which a worker is described, each with its path: nodes of these kinds, and what maps repeat. */
export function worksOf(file: LooseFile): Work[] {
  return Object.entries(file.nodes ?? {}).flatMap(([name, node]): Work[] => {
    const path = ['nodes', name];
    if (node.kind === 'agent' || node.kind === 'command') {
      return [{ path, work: { ...node, kind: node.kind }, as: null }];
    }
    if (node.kind !== 'map' || node.node === undefined) return [];
    return [{ path: [...path, 'node'], work: node.node, as: node.as ?? 'item' }];
  });
}
