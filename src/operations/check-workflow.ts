import type { z } from 'zod';
import type { NodeSpec } from '../core/node.ts';
import type { Settings } from '../core/settings.ts';
import { mermaidOf } from '../core/mermaid.ts';
import { writtenUsd } from '../core/spend.ts';
import { howToTrust } from '../core/problem.ts';
import { dryRun, type DryRun } from '../workflow/dry-run.ts';
import { renderDryRun, routeText } from '../workflow/dry-run-text.ts';
import { roleOf, type Estimate } from '../workflow/estimate.ts';
import { namesOfItems } from '../workflow/items-now.ts';
import { waitingText } from '../workflow/items-text.ts';
import { inputLines, recipeHead } from '../workflow/recipes.ts';
import { canWrite, concurrencyOf, wholeOf, type Whole } from '../workflow/whole.ts';
import { oneLine } from './amounts.ts';
import { surroundingsOf } from './choose-route.ts';
import type { OperationContext } from './context.ts';
import type { workflowCheckOutput } from './workflow-check.ts';
import { itemsOfMaps } from './items-now.ts';
import { findRecipe, recipeLines } from './recipe-source.ts';
import { readSource, type ReadyWorkflow, type WorkflowSource } from './workflow-source.ts';

type Checked = z.output<typeof workflowCheckOutput>;
type Mode = 'validate' | 'dry_run' | 'list' | 'show';

/** Most names and errors told; an answer stays below 8 KB. */
const mostErrors = 20;
const mostNames = 200;
const mostRoutes = 30;
const mostMaps = 20;
const mostItems = 5;
const mostGates = 10;
const textChars = { mcp: 4_000, cli: 100_000 } as const;

export async function checkWorkflow(
  input: WorkflowSource & { mode: Mode; mermaid?: boolean },
  context: OperationContext,
): Promise<Checked> {
  if (input.mode === 'list') return listOfRecipes(context);
  const { recipe, inputs } = input;
  if (input.mode === 'show' && recipe !== undefined && inputs === undefined)
    return shownRecipe(recipe, context);
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
  if (input.mermaid === true) return { ...checked, mermaid: diagramOf(workflow) };
  if (input.mode === 'validate') return checked;
  if (input.mode === 'show') return { ...checked, text: shown(workflow) };
  return { ...checked, ...(await dryRunFacts(workflow, input, context)) };
}

async function dryRunFacts(
  workflow: ReadyWorkflow,
  input: WorkflowSource,
  context: OperationContext,
): Promise<Partial<Checked>> {
  const { nodes } = workflow;
  const store = await context.storeIfAny();
  const { settings, untrusted: leftOut } = await context.settings();
  const untrusted = workflow.untrusted ?? (canWrite(nodes) ? leftOut : null);
  const whole = wholeToCome(workflow, settings, leftOut !== null);
  const dry = dryRun(nodes, {
    concurrency: concurrencyOf(workflow.concurrency, settings),
    whole,
    surroundings: {
      ...(await surroundingsOf(context, providersNamed(nodes))),
      budget: workflow.budget,
    },
    records: store?.trackRecord() ?? [],
    items: await itemsOfMaps(workflow, context),
  });
  return {
    batches: fewNames(dry.batches),
    overlaps: dry.overlaps.slice(0, 20).map((pair) => [...pair]),
    advice: [...dry.advice],
    routes: routesOf(dry),
    estimate: estimateFacts(dry.estimate),
    ...(dry.items.size === 0 ? {} : { maps: itemFacts(dry.items) }),
    whole: wholeFacts(whole),
    text: cutLines(renderDryRun(dry, context.columns), textChars[context.surface]),
    next: untrusted
      ? `${untrusted.file} names commands that nobody has trusted yet. ${howToTrust(context.surface)}`
      : howToRun(input),
  };
}

/** Where nothing is written there is no tree that anything could be run on. */
function wholeToCome(workflow: ReadyWorkflow, settings: Settings, isPartial: boolean): Whole {
  const whole = wholeOf(workflow, settings);
  if (!canWrite(workflow.nodes)) return { ...whole, gates: [] };
  return isPartial && workflow.gates === null ? { ...whole, gates: null } : whole;
}

function howToRun({ file, recipe, inputs }: WorkflowSource): string {
  const source =
    file === undefined
      ? recipe === undefined
        ? 'workflow'
        : `recipe: ${JSON.stringify(recipe)}`
      : `file: ${JSON.stringify(file)}`;
  return `Run it with: workflow_run {${source}${inputs === undefined ? '' : ', inputs'}}`;
}

/** null: somebody has to be found among all there are. */
function providersNamed(nodes: readonly NodeSpec[]): string[] | null {
  const names = new Set<string>();
  for (const node of nodes) {
    const wish = node.map?.item ?? node;
    if (node.kind !== 'agent' && wish.kind !== 'agent') continue;
    if (wish.provider === null) return null;
    names.add(wish.provider);
  }
  return [...names];
}

/** Who would get each role; nodes that fix nothing share one answer. */
function routesOf({ nodes, assignments }: DryRun): Record<string, string> {
  const routes: Record<string, string> = {};
  for (const node of nodes) {
    const assignment = assignments.get(node.name);
    if (assignment === undefined || Object.keys(routes).length >= mostRoutes) continue;
    const { provider, write } = node.map?.item ?? node;
    const key = [roleOf(node), write ? 'write' : 'read', provider ?? ''].join(' ').trim();
    const { route, reasons } = assignment;
    const why = reasons.join('; ');
    routes[key] ??= route === null ? `nobody: ${why}` : `${routeText(route)} (${why})`;
  }
  return routes;
}

/** Of every map how many items it has now, and the first few. */
function itemFacts(items: DryRun['items']): NonNullable<Checked['maps']> {
  const facts = [...items].slice(0, mostMaps).map(([map, now]) => {
    if (now.kind === 'later') return [map, { items: null, known_after: [...now.after] }] as const;
    if (now.kind === 'wrong') return [map, { items: null, problem: now.error }] as const;
    const names = namesOfItems(now.nodes);
    const first = names.slice(0, mostItems).map((name) => oneLine(name, 100));
    const waiting = waitingText(now.nodes);
    return [
      map,
      {
        items: names.length,
        nodes: now.nodes.length,
        first,
        ...(waiting === null ? {} : { waiting }),
      },
    ] as const;
  });
  return Object.fromEntries(facts);
}

function wholeFacts({ gates, budget, land }: Whole): NonNullable<Checked['whole']> {
  const told = gates?.slice(0, mostGates).map((gate) => oneLine(gate, 200)) ?? null;
  return { gates: told, budget, land };
}

function estimateFacts(estimate: Estimate): NonNullable<Checked['estimate']> {
  const { workers, priced, timed, attempts, usd, chain } = estimate;
  return {
    attempts,
    workers,
    priced,
    timed,
    usd: usd === null ? null : { median: writtenUsd(usd.median), p80: writtenUsd(usd.p80) },
    longest_chain_s:
      chain === null
        ? null
        : { median: Math.round(chain.ms.median / 1000), p80: Math.round(chain.ms.p80 / 1000) },
  };
}

/** Whole lines. */
function cutLines(text: string, chars: number): string {
  if (text.length <= chars) return text;
  const end = text.lastIndexOf('\n', chars);
  return `${text.slice(0, end === -1 ? chars : end)}\n… the rest is left out; the command line prints the whole`;
}

function diagramOf({ nodes }: ReadyWorkflow): string {
  return mermaidOf(
    nodes.map((node) => ({
      ...node,
      emittedBy: null,
      note: node.kind === 'agent' ? [node.role, node.provider].filter(Boolean).join(' by ') : '',
    })),
  );
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

/** Without the text it was read from. */
function shown(workflow: ReadyWorkflow): string {
  return JSON.stringify({ ...workflow, source: undefined, untrusted: undefined }, null, 1).slice(
    0,
    4_000,
  );
}

async function listOfRecipes(context: OperationContext): Promise<Checked> {
  const lines = await recipeLines(context);
  return {
    ok: true,
    name: 'recipes',
    errors: [],
    nodes: 0,
    text: cutLines(lines.join('\n'), textChars[context.surface]),
    next: 'workflow_run {recipe: "do", inputs: {goal: "..."}}',
  };
}

/** A recipe whose inputs have not been given yet: what it takes, and the file. */
async function shownRecipe(name: string, context: OperationContext): Promise<Checked> {
  const recipe = await findRecipe(name, context);
  const text = ['Inputs:', ...inputLines(recipeHead(recipe.text)), '', recipe.text].join('\n');
  return {
    ok: true,
    name: `recipe ${name}`,
    errors: [],
    nodes: 0,
    text: cutLines(text, textChars[context.surface]),
    next: 'Give inputs to see it filled in.',
  };
}
