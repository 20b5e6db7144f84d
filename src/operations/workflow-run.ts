import { z } from 'zod';
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
  land: z.enum(['branch', 'merge', 'none']).optional(),
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
  title: 'Run a workflow with several agents',
  summary:
    'Orchestrate several coding agents: run a workflow, or recipe "do" with inputs {goal}, which plans, hands the parts to agents in parallel worktrees, reviews, verifies and lands one branch. Returns run_id at once; it survives this session. Follow with poll.',
  kind: 'start',
  toolset: 'workflow',
  searchHint: 'multi-agent, parallel agents, team of agents, big goal',
  positional: 'file',
  input: workflowRunInput,
  output: workflowRunOutput,
  run: async (input, context) => (await import('./run-workflow.ts')).runWorkflow(input, context),
  render: ({ run_id, existed, batches, next }) =>
    `${run_id} ${existed ? 'exists already' : 'started'}: ${batches.flat().length} nodes in ${batches.length} batches\n${next}`,
});
