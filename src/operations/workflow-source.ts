import { readFile } from 'node:fs/promises';
import { relative, resolve } from 'node:path';
import { z } from 'zod';
import type { NodeDefaults, RunSpec } from '../core/event.ts';
import type { Limit, NodeSpec } from '../core/node.ts';
import { MoError, type WorkflowError } from '../core/problem.ts';
import { schemaProblems, showPath } from '../core/schema-problems.ts';
import { errnoOf } from '../platform/files.ts';
import { defaultsOf, expandWorkflow } from '../workflow/expand.ts';
import { loadWorkflow } from '../workflow/load.ts';
import { maxItems } from '../workflow/map-items.ts';
import { usualDefaults } from '../workflow/new-node.ts';
import { doDefaults, doNodes } from '../workflow/recipe-do.ts';
import { writeOut } from '../workflow/write-out.ts';
import { resolveChange } from './changes-of-runs.ts';
import { checkNames } from './choose-route.ts';
import type { OperationContext } from './context.ts';
import type { WorkflowText } from './new-run.ts';
import { findRecipe, untrustedOf, type Untrusted } from './recipe-source.ts';

export type WorkflowSource = {
  file?: string | undefined;
  workflow?: string | undefined;
  recipe?: string | undefined;
  inputs?: Record<string, unknown> | undefined;
};

/** A workflow that is ready to become a run. */
export type ReadyWorkflow = {
  name: string;
  goal: string;
  recipe: string | null;
  nodes: NodeSpec[];
  gates: string[] | null;
  land: RunSpec['land'] | null;
  concurrency: number | null;
  budget: Limit;
  confirm: RunSpec['confirm'];
  maxCycles: number;
  inputs: RunSpec['inputs'];
  maxNodes: number;
  defaults: NodeDefaults;
  /** null: the recipe `do`. */
  source: WorkflowText | null;
  /** Why it may not run yet. */
  untrusted?: Untrusted | null;
};

export type ReadSource =
  | { ok: true; workflow: ReadyWorkflow }
  | { ok: false; name: string; errors: readonly WorkflowError[] };

/** What plans and maps may bring a run to when its file does not say. */
const usualMaxNodes = 1_000;

/** The items of maps come on top: how many there are is nothing a file can know. */
function mostNodes(nodes: readonly NodeSpec[]): number {
  const most = Math.max(usualMaxNodes, nodes.length);
  return nodes.some(({ kind }) => kind === 'map') ? most + maxItems : most;
}

const noLimit: Limit = { usd: null, tokens: null };

/** Reads and checks a workflow wherever it comes from; what is wrong with it is an answer, not an error. */
export async function readSource(
  source: WorkflowSource,
  context: OperationContext,
): Promise<ReadSource> {
  if (source.recipe !== undefined) return readNamed(source.recipe, source, context);
  return readText(await textOf(source, context), source, context);
}

/** A recipe that is a file: written out first, then a workflow like any other. Places are of the file only where nothing was written out. */
async function readNamed(
  name: string,
  source: WorkflowSource,
  context: OperationContext,
): Promise<ReadSource> {
  if (source.file !== undefined || source.workflow !== undefined) throw severalSources();
  if (name === 'do') return readDo(source, context);
  const recipe = await findRecipe(name, context);
  const whole = `recipe ${name}`;
  const inputs = await resolveChange(source.inputs ?? {}, context);
  const written = writeOut(recipe.text, inputs);
  if ('errors' in written) return { ok: false, name: whole, errors: written.errors };
  const read = await readText({ name: whole, text: written.text }, { inputs }, context);
  if (read.ok) {
    const untrusted = await untrustedOf(recipe, context);
    return { ok: true, workflow: { ...read.workflow, recipe: name, untrusted } };
  }
  if (written.text === recipe.text) return read;
  const errors = read.errors.map((one) => ({ ...one, line: null, column: null, text: null }));
  return { ...read, errors };
}

async function readText(
  { name, text }: { name: string; text: string },
  source: WorkflowSource,
  context: OperationContext,
): Promise<ReadSource> {
  const { settings } = await context.settings();
  const loaded = await loadWorkflow(text, name, await workersOf(context));
  if ('errors' in loaded) return { ok: false, name, errors: loaded.errors };
  const { workflow } = loaded;
  const retries = settings.retries?.max ?? usualDefaults.retries;
  const usual = { ...usualDefaults, retries };
  const expanded = expandWorkflow(workflow, source.inputs ?? {}, usual);
  if ('errors' in expanded) return { ok: false, name, errors: expanded.errors };
  return {
    ok: true,
    workflow: {
      name: workflow.name,
      goal: goalOf(workflow.description, source.inputs) ?? workflow.name,
      recipe: null,
      nodes: expanded.nodes,
      gates: null,
      land: workflow.land ?? null,
      concurrency: workflow.concurrency ?? null,
      budget: workflow.budget ?? noLimit,
      confirm: 'yes',
      maxCycles: 5,
      inputs: expanded.inputs,
      maxNodes: workflow.max_nodes ?? mostNodes(expanded.nodes),
      defaults: defaultsOf(workflow, usual),
      source: { text, inputs: source.inputs ?? null },
    },
  };
}

/** The providers there are, with the profiles the settings give them. */
async function workersOf(context: OperationContext): Promise<Map<string, string[]>> {
  const { settings } = await context.settings();
  const providers = await context.providers();
  return new Map(
    providers.map(({ name }) => [name, Object.keys(settings.providers?.[name]?.profiles ?? {})]),
  );
}

async function textOf(
  source: WorkflowSource,
  context: OperationContext,
): Promise<{ name: string; text: string }> {
  if (source.workflow !== undefined && source.file === undefined) {
    return { name: 'workflow', text: source.workflow };
  }
  if (source.file === undefined || source.workflow !== undefined) {
    throw severalSources();
  }
  const path = resolve(context.folder, source.file);
  try {
    return {
      name: relative(context.folder, path) || source.file,
      text: await readFile(path, 'utf8'),
    };
  } catch (cause) {
    throw new MoError(
      {
        code: 'bad-input',
        what: `The workflow ${path} cannot be read (${errnoOf(cause) ?? 'unknown reason'}).`,
        fix: 'Name an existing file, relative to the project.',
      },
      { cause },
    );
  }
}

function severalSources(): MoError {
  return new MoError({
    code: 'bad-input',
    what: 'A workflow comes from one of file, workflow and recipe.',
    fix: 'Give exactly one of them; for a plain goal: recipe "do" with inputs {goal}.',
  });
}

const who = z
  .string()
  .regex(/^[a-z0-9_-]+(:[a-z0-9_.-]+)?$/i, 'must look like claude or claude:fast');

/** The inputs of recipe `do`. */
export const doInputs = z.strictObject({
  goal: z.string(),
  provider: who.optional(),
  planner: who.optional(),
  worker: who.optional(),
  reviewer: who.optional(),
  model: z.string().optional(),
  gates: z.array(z.string().regex(/\S/, 'is empty')).optional(),
  timeout: z.string().optional(),
  max_cycles: z.number().int().min(1).max(20).default(5),
  confirm: z.enum(['ask', 'yes']).default('yes'),
});

async function readDo(source: WorkflowSource, context: OperationContext): Promise<ReadSource> {
  const parsed = doInputs.safeParse(source.inputs ?? {});
  if (!parsed.success) {
    const errors = schemaProblems(parsed.error, doInputs, source.inputs ?? {}).map(
      ({ path, what, fix }) => ({
        line: null,
        column: null,
        text: null,
        where: `inputs.${showPath(path)}`,
        what,
        fix,
      }),
    );
    return { ok: false, name: 'recipe do', errors };
  }
  const inputs = parsed.data;
  const { settings } = await context.settings();
  const gates = inputs.gates ?? settings.gates?.commands ?? [];
  const wish = { ...inputs, retries: settings.retries?.max };
  const nodes = doNodes(wish);
  const defaults = doDefaults(wish);
  for (const one of [...nodes, defaults]) await checkNames(one, context);
  return {
    ok: true,
    workflow: {
      name: 'do',
      goal: inputs.goal,
      recipe: 'do',
      nodes,
      gates,
      land: null,
      concurrency: null,
      budget: noLimit,
      confirm: inputs.confirm,
      maxCycles: inputs.max_cycles,
      inputs: {},
      maxNodes: usualMaxNodes,
      defaults,
      source: null,
    },
  };
}

function goalOf(
  description: string | undefined,
  inputs: Record<string, unknown> | undefined,
): string | undefined {
  const goal = inputs?.['goal'];
  return typeof goal === 'string' ? goal : description;
}
