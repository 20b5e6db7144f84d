import { z } from 'zod';
import { landWish } from '../core/landing.ts';
import { defineOperation } from './operation.ts';
import { sourceInput } from './workflow-source-input.ts';

export const workflowRunInput = z.strictObject({
  ...sourceInput,
  concurrency: z.number().int().min(1).max(64).optional(),
  budget: z
    .strictObject({
      usd: z.number().positive().optional(),
      tokens: z.number().int().positive().optional(),
    })
    .optional(),
  land: landWish.optional(),
  mock: z.boolean().optional().describe('Rehearse: scripted answers, no commands'),
  fresh: z.boolean().optional().describe('Reuse no receipts'),
  client_key: z.string().max(200).optional().describe('Same key: same run'),
});

export const workflowRunOutput = z.object({
  run_id: z.string(),
  existed: z.boolean(),
  batches: z.array(z.array(z.string())),
  more: z.number().optional(),
  cursor: z.string(),
  next: z.string(),
});

export const workflowRun = defineOperation({
  name: 'workflow_run',
  title: 'Run a workflow of agents',
  summary:
    'Orchestrate several coding agents: run a workflow, or recipe "do" with inputs {goal}, which plans, hands the parts to parallel agents, reviews, verifies and lands. Returns run_id at once; follow with poll.',
  kind: 'start',
  toolset: 'workflow',
  searchHint: 'multi-agent, team of agents, big goal',
  positional: 'file',
  fromStdin: { given: 'file', as: 'workflow' },
  input: workflowRunInput,
  output: workflowRunOutput,
  run: async (input, context) => (await import('./run-workflow.ts')).runWorkflow(input, context),
  render: ({ run_id, existed, batches, more = 0 }) =>
    `${run_id} ${existed ? 'exists already' : 'started'}: ${counted(batches.flat().length + more, 'node')} in ${counted(batches.length, 'batch', 'batches')}\nWatch it with: mo watch ${run_id}`,
});

function counted(number: number, one: string, many = `${one}s`): string {
  return `${number} ${number === 1 ? one : many}`;
}
