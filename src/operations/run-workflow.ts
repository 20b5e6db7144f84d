import type { z } from 'zod';
import { layersOf } from '../core/graph.ts';
import { MoError } from '../core/problem.ts';
import { fewNames } from './check-workflow.ts';
import type { OperationContext } from './context.ts';
import { rehearsed, rehearsedDefaults } from '../workflow/rehearsal.ts';
import { startRun } from './new-run.ts';
import type { workflowRunInput, workflowRunOutput } from './workflow-run.ts';
import { readSource, type ReadyWorkflow } from './workflow-source.ts';

type Wish = Pick<
  z.output<typeof workflowRunInput>,
  'land' | 'concurrency' | 'budget' | 'client_key' | 'fresh' | 'mock'
>;

/** Writes down the run of a workflow that has been checked, and starts its owner. */
export async function startWorkflow(
  workflow: ReadyWorkflow,
  wish: Wish,
  context: OperationContext,
): ReturnType<typeof startRun> {
  if (workflow.untrusted) {
    throw new MoError({ code: 'untrusted-settings', ...workflow.untrusted });
  }
  const isMock = wish.mock === true;
  return startRun(context, {
    ...(isMock ? rehearsalOf(workflow) : { ...workflow, land: wish.land ?? workflow.land }),
    concurrency: wish.concurrency ?? workflow.concurrency,
    budget: {
      usd: wish.budget?.usd ?? workflow.budget.usd,
      tokens: wish.budget?.tokens ?? workflow.budget.tokens,
    },
    reuse: isMock || workflow.recipe === 'do' ? 'never' : wish.fresh === true ? 'fresh' : 'yes',
    clientKey: wish.client_key ?? null,
  });
}

/** `mock`: the same graph, done by nobody who costs anything, and it says what it is wherever its goal is shown. */
function rehearsalOf(workflow: ReadyWorkflow) {
  return {
    ...workflow,
    goal: `Rehearsal: ${workflow.goal}`,
    nodes: rehearsed(workflow.nodes),
    gates: [],
    land: 'none' as const,
    defaults: rehearsedDefaults(workflow.defaults),
    isRehearsal: true,
  };
}

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
  const started = await startWorkflow(workflow, input, context);
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
