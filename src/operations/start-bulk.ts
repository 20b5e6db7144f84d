import type { LandWish } from '../core/landing.ts';
import { MoError, type WorkflowError } from '../core/problem.ts';
import { writtenUsd } from '../core/spend.ts';
import { renderItems } from '../workflow/bulk-text.ts';
import { dryRun } from '../workflow/dry-run.ts';
import { routeText } from '../workflow/dry-run-text.ts';
import { namesOfItems } from '../workflow/items-now.ts';
import { oneLine } from './amounts.ts';
import { surroundingsOf } from './choose-route.ts';
import type { OperationContext } from './context.ts';
import { itemsOfMaps } from './items-now.ts';
import { flagName } from './naming.ts';
import { startWorkflow } from './run-workflow.ts';
import { landing } from './start-do.ts';
import { readSource, type ReadyWorkflow } from './workflow-source.ts';

export type BulkWish = {
  task: string;
  over?: string[] | undefined;
  list?: string[] | undefined;
  file?: string | undefined;
  read?: boolean | undefined;
  scope?: string[] | undefined;
  batch?: number | undefined;
  concurrency?: number | undefined;
  limit?: number | undefined;
  sample?: number | undefined;
  gate?: string[] | undefined;
  retries?: number | undefined;
  timeout?: string | undefined;
  role?: string | undefined;
  provider?: string | undefined;
  profile?: string | undefined;
  model?: string | undefined;
  land?: LandWish | undefined;
  budgetUsd?: number | undefined;
  budgetTokens?: number | undefined;
  fresh?: boolean | undefined;
  clientKey?: string | undefined;
};

/** A bulk run that is checked and not started. */
export type BulkPlan = {
  workflow: ReadyWorkflow;
  wish: BulkWish;
  items: readonly string[];
  /** What the node of that name is about. */
  itemsOf: (node: string) => string;
  writes: boolean;
  text: string;
  /** What `--json` prints of it. */
  facts: {
    items: readonly string[];
    nodes: number;
    concurrency: number;
    route: string | null;
    reasons: readonly string[];
    estimate: { usd: number | null; seconds: number | null; attempts: number };
  };
};

/** Reads the items and finds out who would do them. Throws `bad-input` in the words of the flags. */
export async function planBulk(context: OperationContext, wish: BulkWish): Promise<BulkPlan> {
  if (wish.task.trim() === '') throw wrongFlags([missingTask]);
  const { task, over, list, file, read, scope, batch, concurrency, limit, sample } = wish;
  const { gate: gates, retries, timeout, role, provider, profile, model } = wish;
  const all = { task, over, list, file, read, scope, batch, concurrency, limit, sample };
  const inputs = { ...all, gates, retries, timeout, role, provider, profile, model };
  const given = Object.entries(inputs).filter(([, value]) => value !== undefined);
  const source = await readSource({ recipe: 'bulk', inputs: Object.fromEntries(given) }, context);
  if (!source.ok) throw wrongFlags(source.errors);
  return planOf(source.workflow, wish, context);
}

/** Writes the run down and starts its owner; what it changes is merged when nothing of the person's is in the way. */
export async function startBulk(
  context: OperationContext,
  { workflow, wish }: BulkPlan,
): Promise<string> {
  const { runId } = await startWorkflow(
    workflow,
    {
      land: wish.land ?? (await landing(context)),
      budget: { usd: wish.budgetUsd, tokens: wish.budgetTokens },
      client_key: wish.clientKey,
      fresh: wish.fresh,
    },
    context,
  );
  return runId;
}

async function planOf(
  workflow: ReadyWorkflow,
  wish: BulkWish,
  context: OperationContext,
): Promise<BulkPlan> {
  const items = await itemsOfMaps(workflow, context);
  const map = workflow.nodes.find((node) => node.map !== null);
  const now = map === undefined ? undefined : items.get(map.name);
  const nodes = now?.kind === 'known' ? now.nodes : [];
  const names = namesOfItems(nodes);
  const provider = map?.map?.item.provider ?? null;
  const dry = dryRun(workflow.nodes, {
    concurrency: workflow.concurrency ?? 16,
    surroundings: {
      ...(await surroundingsOf(context, provider === null ? null : [provider])),
      budget: { usd: wish.budgetUsd ?? null, tokens: wish.budgetTokens ?? null },
    },
    records: (await context.storeIfAny())?.trackRecord() ?? [],
    items,
  });
  const assignment = map === undefined ? undefined : dry.assignments.get(map.name);
  const route = assignment?.route ?? null;
  const { usd, chain, attempts } = dry.estimate;
  return {
    workflow,
    wish,
    items: names,
    itemsOf: (name) => {
      const [first = '', ...more] = nodes.find((node) => node.name === name)?.items ?? [];
      return `${oneLine(first, 100)}${more.length === 0 ? '' : ` and ${more.length} more`}`;
    },
    writes: map?.map?.item.write ?? false,
    text: map === undefined ? '' : renderItems(dry, map, nodes),
    facts: {
      items: names,
      nodes: nodes.length,
      concurrency: dry.concurrency,
      route: route === null ? null : routeText(route),
      reasons: assignment?.reasons ?? [],
      estimate: {
        usd: usd === null ? null : writtenUsd(usd.median),
        seconds: chain === null ? null : Math.round(chain.ms.median / 1000),
        attempts,
      },
    },
  };
}

const missingTask: WorkflowError = {
  line: null,
  column: null,
  text: null,
  where: '',
  what: 'The task is empty.',
  fix: 'Say what is to be done with each item: mo bulk "Document {item}" --over "src/**".',
};

/** What the recipe calls an input, or writes out into its map, is a flag here. */
function wrongFlags(errors: readonly WorkflowError[]): MoError {
  const [first = missingTask] = errors;
  const [, name = ''] = /^(?:inputs|nodes\.bulk(?:\.node)?)\.(\w+)/.exec(first.where) ?? [];
  const place = name === '' ? '' : `${name === 'task' ? 'The task' : flagOf(name)}: `;
  const inFlags = (text: string): string =>
    text.replaceAll(/`(\w+)`/g, (_whole, input: string) => flagOf(input));
  return new MoError({
    code: 'bad-input',
    what: place + inFlags(first.what),
    fix: inFlags(first.fix),
  });
}

function flagOf(input: string): string {
  return flagName(input === 'gates' ? 'gate' : input);
}
