import type { z } from 'zod';
import { keyOf } from '../core/routing.ts';
import { MoError } from '../core/problem.ts';
import { dryRun, renderDryRun } from '../workflow/dry-run.ts';
import { chooseRoute } from './choose-route.ts';
import type { OperationContext } from './context.ts';
import type { workflowCheckOutput } from './workflow-check.ts';
import { readSource, type ReadyWorkflow, type WorkflowSource } from './workflow-source.ts';

type Checked = z.output<typeof workflowCheckOutput>;
type Mode = 'validate' | 'dry_run' | 'list' | 'show';

/** Most names and errors told; an answer stays below 8 KB. */
const mostErrors = 20;
const mostNames = 200;
const textChars = 4_000;

export async function checkWorkflow(
  input: WorkflowSource & { mode: Mode },
  context: OperationContext,
): Promise<Checked> {
  if (input.mode === 'list') return listOfRecipes();
  const read = await readSource(input, context);
  if (!read.ok) {
    const errors = read.errors.slice(0, mostErrors);
    const left = read.errors.length - errors.length;
    return {
      ok: false,
      name: read.name,
      errors,
      nodes: 0,
      ...(left > 0 ? { more: left } : {}),
      next: 'Mend these and check again.',
    };
  }
  const { workflow } = read;
  const checked: Checked = {
    ok: true,
    name: workflow.name,
    errors: [],
    nodes: workflow.nodes.length,
  };
  if (input.mode === 'validate') return checked;
  if (input.mode === 'show') return { ...checked, text: shown(workflow) };
  return { ...checked, ...(await dryRunFacts(workflow, context)) };
}

async function dryRunFacts(
  workflow: ReadyWorkflow,
  context: OperationContext,
): Promise<Partial<Checked>> {
  const dry = dryRun(workflow.nodes, { concurrency: workflow.concurrency ?? 4 });
  return {
    batches: fewNames(dry.batches),
    overlaps: dry.overlaps.slice(0, 20).map((pair) => [...pair]),
    advice: [...dry.advice],
    routes: await routesOf(workflow, context),
    text: renderDryRun(dry).slice(0, textChars),
    next: 'Run it with workflow_run and the same source.',
  };
}

/** Who would get each role; nodes that fix nothing share one answer. */
async function routesOf(
  workflow: ReadyWorkflow,
  context: OperationContext,
): Promise<Record<string, string>> {
  const routes: Record<string, string> = {};
  for (const node of workflow.nodes) {
    if (node.kind !== 'agent') continue;
    const key = [node.role, node.write ? 'write' : 'read', node.provider ?? ''].join(' ').trim();
    if (key in routes) continue;
    routes[key] = await chooseRoute(node, context).then(
      ({ choice }) => `${keyOf(choice)}${choice.model === null ? '' : ` ${choice.model}`}`,
      (error: unknown) => {
        if (error instanceof MoError && error.code === 'no-worker') return error.message;
        throw error;
      },
    );
  }
  return routes;
}

/** The first names of batches that may hold thousands. */
export function fewNames(batches: readonly (readonly string[])[]): string[][] {
  let left = mostNames;
  return batches.flatMap((batch) => {
    const few = batch.slice(0, Math.max(0, left));
    left -= few.length;
    return few.length === 0 ? [] : [few];
  });
}

function shown(workflow: ReadyWorkflow): string {
  return JSON.stringify({ ...workflow, nodes: workflow.nodes }, null, 1).slice(0, textChars);
}

function listOfRecipes(): Checked {
  return {
    ok: true,
    name: 'recipes',
    errors: [],
    nodes: 0,
    text: 'do: a planner cuts inputs.goal into nodes, agents do them in parallel, a reviewer judges the whole, gates verify, the result lands on one branch.',
    next: 'workflow_run {recipe: "do", inputs: {goal: "..."}}',
  };
}
