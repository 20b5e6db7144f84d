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
    'Check a workflow (graph of agents and commands, YAML or JSON) before it runs: every error with line and fix; dry_run adds who would do what, overlaps, a drawing, estimated cost and time. list: the recipes; show: one filled in.',
  kind: 'read',
  toolset: 'workflow',
  searchHint: 'validate plan, dry run, orchestrate agents, recipes',
  positional: 'file',
  input: z.strictObject({
    ...sourceInput,
    mode: z.enum(['validate', 'dry_run', 'list', 'show']).default('dry_run'),
    mermaid: z.boolean().default(false),
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
