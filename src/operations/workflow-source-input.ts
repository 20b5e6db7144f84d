import { z } from 'zod';

/** Where a workflow comes from: exactly one of file, workflow and recipe. */
export const sourceInput = {
  file: z.string().optional().describe('Path in the project'),
  workflow: z.string().optional().describe('YAML or JSON'),
  recipe: z.string().optional().describe('do, or one of workflow_check mode=list'),
  inputs: z.record(z.string(), z.unknown()).optional().describe('Of do: {goal}'),
};
