import type { z } from 'zod';
import { layersOf } from '../core/graph.ts';
import { MoError } from '../core/problem.ts';
import { fewNames } from './check-workflow.ts';
import type { OperationContext } from './context.ts';
import { startRun } from './new-run.ts';
import type { workflowRunInput, workflowRunOutput } from './workflow-run.ts';
import { readSource } from './workflow-source.ts';

/** Checks the workflow like `workflow_check`, writes the run down and starts its owner. */
export async function runWorkflow(
  input: z.output<typeof workflowRunInput>,
  context: OperationContext,
): Promise<z.output<typeof workflowRunOutput>> {
  const read = await readSource(input, context);
  if (!read.ok) {
    throw new MoError({ code: 'bad-workflow', source: read.name, errors: read.errors });
  }
  const { workflow } = read;
  if (workflow.untrusted) {
    throw new MoError({ code: 'untrusted-settings', ...workflow.untrusted });
  }
  const started = await startRun(context, {
    ...workflow,
    land: input.land ?? workflow.land,
    concurrency: input.concurrency ?? workflow.concurrency,
    budget: {
      usd: input.budget?.usd ?? workflow.budget.usd,
      tokens: input.budget?.tokens ?? workflow.budget.tokens,
    },
    reuse: workflow.recipe === 'do' ? 'never' : input.fresh === true ? 'fresh' : 'yes',
    clientKey: input.client_key ?? null,
  });
  const batches = layersOf(workflow.nodes);
  const told = fewNames(batches);
  const left = workflow.nodes.length - told.flat().length;
  return {
    run_id: started.runId,
    existed: started.existed,
    batches: told,
    ...(left > 0 ? { more: left } : {}),
    cursor: started.cursor,
    next: `poll {run_id: "${started.runId}", since: "${started.cursor}"}`,
  };
}
