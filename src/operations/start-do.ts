import type { LandWish } from '../core/landing.ts';
import type { OperationContext } from './context.ts';
import { workflowRun } from './workflow-run.ts';

export type DoWish = {
  goal: string;
  confirm: 'ask' | 'yes';
  land?: LandWish | undefined;
  maxCycles?: number | undefined;
  gate?: string[] | undefined;
  provider?: string | undefined;
  planner?: string | undefined;
  worker?: string | undefined;
  reviewer?: string | undefined;
  model?: string | undefined;
  concurrency?: number | undefined;
  budgetUsd?: number | undefined;
  budgetTokens?: number | undefined;
  timeout?: string | undefined;
  clientKey?: string | undefined;
};

/** Starts the recipe `do` as a person means it: the result is merged when nothing of theirs is in the way. */
export async function startDo(context: OperationContext, wish: DoWish): Promise<string> {
  const { run_id: runId } = await workflowRun.run(
    {
      recipe: 'do',
      inputs: given({
        goal: wish.goal,
        confirm: wish.confirm === 'ask' ? 'ask' : undefined,
        max_cycles: wish.maxCycles,
        gates: wish.gate,
        provider: wish.provider,
        planner: wish.planner,
        worker: wish.worker,
        reviewer: wish.reviewer,
        model: wish.model,
        timeout: wish.timeout,
      }),
      land: wish.land ?? (await landing(context)),
      concurrency: wish.concurrency,
      budget: { usd: wish.budgetUsd, tokens: wish.budgetTokens },
      client_key: wish.clientKey,
    },
    context,
  );
  return runId;
}

/** A merge where nothing of the person's is in the way, unless the settings say something else. */
export async function landing(context: OperationContext): Promise<LandWish> {
  const { settings } = await context.settings();
  if (settings.land !== undefined) return settings.land;
  const { git } = await context.project();
  if (git === null || git.branch === null) return 'branch';
  return (await git.dirtyFiles()).length === 0 ? 'merge' : 'branch';
}

function given(inputs: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(inputs).filter(([, value]) => value !== undefined));
}
