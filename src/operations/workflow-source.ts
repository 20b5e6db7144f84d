import { relative, resolve } from 'node:path';
import type { NodeDefaults, RunSpec } from '../core/event.ts';
import type { Limit, NodeSpec } from '../core/node.ts';
import { MoError, type WorkflowError } from '../core/problem.ts';
import { readTextFile } from '../platform/read-text-file.ts';
import { emittedDefaultsOf, expandWorkflow } from '../workflow/expand.ts';
import type { WorkflowText } from '../store/kept-source.ts';
import { loadWorkflow, maxBytes } from '../workflow/load.ts';
import { maxItems } from '../workflow/map-items.ts';
import { usualDefaults } from '../workflow/new-node.ts';
import { toldByRecipe } from '../workflow/recipe-problems.ts';
import { recipeHead } from '../workflow/recipes.ts';
import { writeOut } from '../workflow/write-out.ts';
import { bulkInputProblems, bulkItemProblems } from './bulk-problems.ts';
import { resolveChange } from './changes-of-runs.ts';
import type { OperationContext } from './context.ts';
import { readItemFiles } from './item-files.ts';
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
  source: WorkflowText;
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
  const read = await textOf(source, context);
  if ('error' in read) return { ok: false, name: read.name, errors: [read.error] };
  return readText(read, source, context);
}

/** A recipe that is a file: written out first, then a workflow like any other. */
async function readNamed(
  name: string,
  source: WorkflowSource,
  context: OperationContext,
): Promise<ReadSource> {
  if (source.file !== undefined || source.workflow !== undefined) throw severalSources();
  const recipe = await findRecipe(name, context);
  const whole = `recipe ${name}`;
  const inputs = await resolveChange(source.inputs ?? {}, context);
  const isBulk = name === 'bulk' && recipe.of === 'mo';
  const chosen = isBulk ? bulkInputProblems(inputs) : [];
  if (chosen.length > 0) return { ok: false, name: whole, errors: chosen };
  const declared = Object.fromEntries(recipeHead(recipe.text).inputs);
  const filled = await readItemFiles(declared, inputs, context.folder);
  if ('errors' in filled) return { ok: false, name: whole, errors: filled.errors };
  const written = writeOut(recipe.text, filled.inputs);
  if ('errors' in written) return { ok: false, name: whole, errors: written.errors };
  const read = await readText(
    { name: whole, text: written.text },
    { inputs: filled.inputs },
    context,
  );
  if (read.ok) {
    const wrong = isBulk ? await bulkItemProblems(read.workflow, filled.inputs, context) : [];
    if (wrong.length > 0) return { ok: false, name: whole, errors: wrong };
    const untrusted = await untrustedOf(recipe, context);
    return { ok: true, workflow: { ...read.workflow, recipe: name, untrusted } };
  }
  if (written.text === recipe.text) return read;
  return { ...read, errors: toldByRecipe(recipe.text, read.errors) };
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
  const filled = await readItemFiles(workflow.inputs, source.inputs ?? {}, context.folder);
  if ('errors' in filled) return { ok: false, name, errors: filled.errors };
  const expanded = expandWorkflow(workflow, filled.inputs, usual);
  if ('errors' in expanded) return { ok: false, name, errors: expanded.errors };
  return {
    ok: true,
    workflow: {
      name: workflow.name,
      goal: expanded.goal,
      recipe: null,
      nodes: expanded.nodes,
      gates: workflow.gates ?? null,
      land: workflow.land ?? null,
      concurrency: workflow.concurrency ?? null,
      budget: workflow.budget ?? noLimit,
      confirm: workflow.confirm ?? 'yes',
      maxCycles: workflow.max_cycles ?? 5,
      inputs: expanded.inputs,
      maxNodes: workflow.max_nodes ?? mostNodes(expanded.nodes),
      defaults: emittedDefaultsOf(workflow, usual),
      source: {
        text,
        inputs: Object.keys(filled.inputs).length === 0 ? null : filled.inputs,
        file: source.file === undefined ? null : resolve(context.folder, source.file),
      },
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
): Promise<{ name: string } & ({ text: string } | { error: WorkflowError })> {
  if (source.workflow !== undefined && source.file === undefined) {
    return { name: 'workflow', text: source.workflow };
  }
  if (source.file === undefined || source.workflow !== undefined) {
    throw severalSources();
  }
  const path = resolve(context.folder, source.file);
  const name = relative(context.folder, path) || source.file;
  const read = await readTextFile(path, maxBytes);
  if ('text' in read) return { name, text: read.text };
  if ('error' in read) return { name, error: read.error };
  throw new MoError({
    code: 'bad-input',
    what: `The workflow ${path} cannot be read: ${read.reason}.`,
    fix: 'Name an existing file, relative to the project.',
  });
}

function severalSources(): MoError {
  return new MoError({
    code: 'bad-input',
    what: 'A workflow comes from one of file, workflow and recipe.',
    fix: 'Give exactly one of them; for a plain goal: recipe "do" with inputs {goal}.',
  });
}
