import { z } from 'zod';
import { limit } from '../core/node.ts';
import { describeWorkflowError } from '../core/problem.ts';
import { defineOperation } from './operation.ts';
import { sourceInput } from './workflow-source-input.ts';

const quantiles = z.object({ median: z.number(), p80: z.number() });

export const workflowCheckOutput = z.object({
  ok: z.boolean(),
  name: z.string(),
  errors: z.array(
    z.object({
      line: z.number().nullable(),
      column: z.number().nullable(),
      text: z.string().nullable(),
      where: z.string(),
      what: z.string(),
      fix: z.string(),
    }),
  ),
  nodes: z.number(),
  batches: z.array(z.array(z.string())).optional(),
  /** Writers that cannot work at the same time because their scopes overlap. */
  overlaps: z.array(z.array(z.string())).optional(),
  routes: z.record(z.string(), z.string()).optional(),
  advice: z.array(z.string()).optional(),
  /** From attempts of the same roles and routes in this project, one attempt a node; null: no data. */
  estimate: z
    .object({
      attempts: z.number(),
      workers: z.number(),
      priced: z.number(),
      timed: z.number(),
      usd: quantiles.nullable(),
      longest_chain_s: quantiles.nullable(),
    })
    .optional(),
  /** What maps would go over now; `items` null: known only when `known_after` is done, or not to be read. */
  maps: z
    .record(
      z.string(),
      z.object({
        items: z.number().nullable(),
        nodes: z.number().optional(),
        first: z.array(z.string()).optional(),
        waiting: z.string().optional(),
        known_after: z.array(z.string()).optional(),
        problem: z.string().optional(),
      }),
    )
    .optional(),
  /** Commands the whole must pass (null: in a file nobody has trusted yet), budget of the run, where it lands. */
  whole: z
    .object({ gates: z.array(z.string()).nullable(), budget: limit, land: z.string() })
    .optional(),
  mermaid: z.string().optional(),
  /** The workflow as it would be executed, or the list of recipes. */
  text: z.string().optional(),
  more: z.number().optional(),
  next: z.string().optional(),
});

/** A list of recipes, or one that has not been filled in, has no nodes. */
function headOf(name: string, nodes: number): string {
  return nodes === 0 ? `${name}:` : `${name} is good, ${nodes} ${nodes === 1 ? 'node' : 'nodes'}`;
}

export const workflowCheck = defineOperation({
  name: 'workflow_check',
  title: 'Check a workflow',
  summary:
    'Check a workflow (graph of agents and commands, YAML or JSON) before it runs: every error with line and fix; dry_run adds who would do what, overlaps, a drawing, estimated cost and time. list: the recipes; show: one filled in.',
  kind: 'read',
  toolset: 'workflow',
  searchHint: 'validate plan, dry run, recipes',
  positional: 'file',
  fromStdin: { given: 'file', as: 'workflow' },
  input: z.strictObject({
    ...sourceInput,
    mode: z.enum(['validate', 'dry_run', 'list', 'show']).default('dry_run'),
    mermaid: z.boolean().default(false),
  }),
  output: workflowCheckOutput,
  run: async (input, context) =>
    (await import('./check-workflow.ts')).checkWorkflow(input, context),
  render: ({ ok, name, nodes, errors, more = 0, text, advice, mermaid, next }) =>
    mermaid ??
    [
      ok
        ? headOf(name, nodes)
        : `${name} has ${errors.length + more} ${errors.length + more === 1 ? 'error' : 'errors'}`,
      ...errors.map((error) => describeWorkflowError(name, error)),
      ...(more > 0 ? [`… and ${more} more`] : []),
      // The text of a dry run ends with the advice.
      ...(text === undefined ? (advice ?? []) : [text]),
      ...(next === undefined ? [] : [next]),
    ].join('\n'),
  exitCode: ({ ok }) => (ok ? 0 : 2),
});
