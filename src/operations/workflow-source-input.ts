import { z } from 'zod';

/** Where a workflow comes from: exactly one of file, workflow and recipe. */
export const sourceInput = {
  file: z.string().optional().describe('Path in the project'),
  workflow: z.string().optional().describe('The YAML or JSON itself'),
  recipe: z
    .string()
    .optional()
    .describe('do: plan, execute in parallel, review, verify. Others: workflow_check mode=list'),
  inputs: z
    .record(z.string(), z.unknown())
    .optional()
    .describe('Of do: goal, planner, worker, reviewer, model, gates, max_cycles, confirm'),
};
