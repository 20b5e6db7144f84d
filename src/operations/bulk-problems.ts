import { closest, didYouMean } from '../core/closest.ts';
import { json, type Json } from '../core/json.ts';
import type { NodeSpec } from '../core/node.ts';
import {
  fixedBeginning,
  matchesPath,
  parsePathPattern,
  shownPattern,
} from '../core/path-pattern.ts';
import type { WorkflowError } from '../core/problem.ts';
import { fieldsNamed, itemTemplate, itemText } from '../workflow/template.ts';
import type { OperationContext } from './context.ts';
import { filesNow, itemsOfMaps } from './items-now.ts';
import type { ReadyWorkflow } from './workflow-source.ts';

type Inputs = Readonly<Record<string, unknown>>;

const sources = ['over', 'list', 'file'] as const;

/** What is wrong with the inputs of recipe `bulk` before anything is read. */
export function bulkInputProblems(inputs: Inputs): WorkflowError[] {
  const given = sources.filter((name) => isGiven(inputs[name]));
  const named = given.map((name) => `\`${name}\``).join(' and ');
  if (given.length !== 1) {
    return [
      problem(
        null,
        given.length === 0 ? 'Nothing says what the items are.' : `${named} are given together.`,
        'Give exactly one of `over`, `list` and `file`.',
      ),
    ];
  }
  if (inputs['read'] !== true && inputs['read'] !== 'true') return [];
  return (['scope', 'gates'] as const)
    .filter((name) => isGiven(inputs[name]))
    .map((name) =>
      problem(name, 'belongs to a task that writes.', 'Leave it out, or leave `read` out.'),
    );
}

/** What is wrong with the items it would go over now; none are an error here, where a map would have nothing to do. */
export async function bulkItemProblems(
  workflow: Pick<ReadyWorkflow, 'nodes' | 'inputs'>,
  inputs: Inputs,
  context: OperationContext,
): Promise<WorkflowError[]> {
  const source = sources.find((name) => isGiven(inputs[name])) ?? 'over';
  const now = [...(await itemsOfMaps(workflow, context)).values()][0];
  if (now?.kind === 'wrong') {
    const isCut = now.error.includes('at most');
    return [problem(source, now.error, isCut ? '' : 'Mend it and try again.')];
  }
  if (now?.kind !== 'known') return [];
  const { nodes } = now;
  if (nodes.length === 0) return [await emptyProblem(source, inputs[source], context)];
  const values = source === 'over' ? null : listOf(inputs[source]);
  return [
    ...fieldProblems(values, inputs),
    ...(isGiven(inputs['scope']) ? [] : await pathProblems(source, nodes, values, context)),
  ].slice(0, 1);
}

/** `input` null: of all together. What stands in backticks is an input. */
function problem(input: string | null, what: string, fix: string): WorkflowError {
  const where = input === null ? 'inputs' : `inputs.${input}`;
  return { line: null, column: null, text: null, where, what, fix };
}

function isGiven(value: unknown): boolean {
  return value !== undefined && value !== null && !(Array.isArray(value) && value.length === 0);
}

async function emptyProblem(
  source: (typeof sources)[number],
  value: unknown,
  context: OperationContext,
): Promise<WorkflowError> {
  if (source !== 'over') return problem(source, 'there is no item in it.', 'Give at least one.');
  const files = await filesNow(context);
  const patterns = listOf(value).map(String);
  const near = patterns.map((pattern) => nearPattern(pattern, files)).find((one) => one !== null);
  return problem(
    'over',
    `no committed file matches ${patterns.map((one) => JSON.stringify(one)).join(', ')}.`,
    near ? `Did you mean ${JSON.stringify(near)}?` : 'Only files that are committed count.',
  );
}

/** The pattern that is most like this one and that files match: with another ending, another folder, or any folder before it. */
function nearPattern(pattern: string, files: readonly string[]): string | null {
  const folder = /^(.*\/)?/.exec(fixedBeginning(pattern).replace(/\/$/, ''))?.[0] ?? '';
  const ending = /\.[^./*?[\]{}]+$/.exec(pattern)?.[0] ?? '';
  const folders = new Set(
    files.flatMap((file) =>
      file
        .split('/')
        .slice(0, -1)
        .map(
          (_, at) =>
            `${file
              .split('/')
              .slice(0, at + 1)
              .join('/')}/`,
        ),
    ),
  );
  const endings = new Set(files.flatMap((file) => /\.[^./]+$/.exec(file)?.[0] ?? []));
  const candidates = [
    ...(ending === '' ? [] : [...endings].map((one) => pattern.slice(0, -ending.length) + one)),
    ...(folder === '' ? [] : [...folders].map((one) => one + pattern.slice(folder.length))),
    ...(/[*?[{]/.test(pattern) ? [] : files),
  ].filter((one) => files.some(matcherOf(one)));
  const anywhere = `**/${pattern}`;
  return closest(pattern, candidates) ?? (files.some(matcherOf(anywhere)) ? anywhere : null);
}

function matcherOf(pattern: string): (path: string) => boolean {
  const parsed = parsePathPattern(pattern);
  return 'error' in parsed ? () => false : (path) => matchesPath(parsed, path);
}

/** Fields that a task or a scope names and that no item has. */
function fieldProblems(values: readonly Json[] | null, inputs: Inputs): WorkflowError[] {
  const known = new Set((values ?? []).flatMap((one) => (isRow(one) ? Object.keys(one) : [])));
  return (['task', 'scope'] as const).flatMap((input) =>
    listOf(inputs[input])
      .flatMap((text) =>
        typeof text === 'string' ? fieldsNamed(itemTemplate(text, 'item'), 'item') : [],
      )
      .filter((field) => !known.has(field))
      .map((field) =>
        problem(
          input,
          `no item has a field ${field}.`,
          known.size === 0
            ? 'Write {item}: the items are no rows.'
            : (didYouMean(field, known) ?? `There are: ${[...known].slice(0, 12).join(', ')}.`),
        ),
      ),
  );
}

/** Where no scope is given an item is what may be changed, so it has to be there. */
async function pathProblems(
  source: string,
  nodes: readonly NodeSpec[],
  values: readonly Json[] | null,
  context: OperationContext,
): Promise<WorkflowError[]> {
  if (source === 'over' || !nodes.some(({ write }) => write)) return [];
  const files = await filesNow(context);
  const there = new Set(files);
  for (const file of files)
    for (let at = file.indexOf('/'); at !== -1; at = file.indexOf('/', at + 1))
      there.add(file.slice(0, at));
  const paths = nodes.flatMap(({ scope }) =>
    scope === null || scope === 'any' ? [] : scope.allow,
  );
  const odd = paths.map(shownPattern).find((path) => !there.has(path.replace(/^(\.\/)+|\/$/g, '')));
  if (odd === undefined) return [];
  const text = odd.length > 60 ? `${odd.slice(0, 60)}…` : odd;
  const isOfRows = isRow(values?.[0]);
  return [
    problem(
      source,
      `${isOfRows ? `the row ${text}` : JSON.stringify(text)} is no committed file, so nothing says what may be changed for it.`,
      `Give \`scope\`, such as ${JSON.stringify(exampleScope(values ?? [], there))}; or \`read\`, for a task that changes nothing.`,
    ),
  ];
}

/** A field whose values are all files, where there is one. */
function exampleScope(values: readonly Json[], there: ReadonlySet<string>): string {
  const [first] = values;
  if (!isRow(first)) return 'docs/{item}/**';
  const field = Object.keys(first).find((name) =>
    values.every((one) => isRow(one) && there.has(itemText(one, [name]))),
  );
  return field === undefined
    ? `docs/{item.${Object.keys(first)[0] ?? 'name'}}/**`
    : `{item.${field}}`;
}

function listOf(value: unknown): Json[] {
  const all: unknown[] = Array.isArray(value) ? value : [value];
  return all.map((one) => json.parse(one ?? null));
}

function isRow(value: Json | undefined): value is Record<string, Json> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
