import { z } from 'zod';
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
  mermaid: z.string().optional(),
  /** The workflow as it would be executed, or the list of recipes. */
  text: z.string().optional(),
  more: z.number().optional(),
  next: z.string().optional(),
});

export const workflowCheck = defineOperation({
  name: 'workflow_check',
  title: 'Check a workflow without running it',
  summary:
    'Check a workflow (a graph of agents and commands in YAML or JSON) before anything runs: every error with line, column and fix; dry_run adds batches, who would do what and why, scopes that overlap, a drawing, estimated money and time, and says when one worker would do. list names the recipes, show prints one filled in.',
  kind: 'read',
  toolset: 'workflow',
  searchHint: 'validate plan, dry run, orchestrate several agents, graph of tasks, recipes',
  positional: 'file',
  input: z.strictObject({
    ...sourceInput,
    mode: z.enum(['validate', 'dry_run', 'list', 'show']).default('dry_run'),
    mermaid: z.boolean().default(false).describe('Only the graph, as Mermaid'),
  }),
  output: workflowCheckOutput,
  run: async (input, context) =>
    (await import('./check-workflow.ts')).checkWorkflow(input, context),
  render: ({ ok, name, nodes, errors, text, advice, mermaid, next }) =>
    mermaid ??
    [
      ok
        ? `${name} is good, ${nodes} nodes`
        : `${name} has ${errors.length} ${errors.length === 1 ? 'error' : 'errors'}`,
      ...errors.map(({ line, column, where, what, fix }) =>
        `${line === null ? '' : `${line}:${column ?? 1} `}${where === '' ? '' : `${where}: `}${what} ${fix}`.trimEnd(),
      ),
      // The text of a dry run ends with the advice.
      ...(text === undefined ? (advice ?? []) : [text]),
      ...(next === undefined ? [] : [next]),
    ].join('\n'),
  exitCode: ({ ok }) => (ok ? 0 : 2),
});
