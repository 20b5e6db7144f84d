import { z } from 'zod';

/** Where a workflow comes from: exactly one of file, workflow and recipe. */
export const sourceInput = {
  file: z.string().optional().describe('Path in the project'),
  workflow: z.string().optional().describe('The YAML or JSON itself'),
  recipe: z.enum(['do']).optional().describe('do: plan, execute in parallel, review, verify'),
  inputs: z
    .record(z.string(), z.unknown())
    .optional()
    .describe('do: goal, planner, worker, reviewer, model, gates, max_cycles, confirm'),
};
