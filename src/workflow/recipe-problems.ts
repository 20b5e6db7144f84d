import type { WorkflowError } from '../core/problem.ts';
import { wholeInput } from '../core/recipe-commands.ts';
import { readYaml, type YamlText } from '../platform/yaml-text.ts';
import { loadWorkflow } from './load.ts';
import { recipeHead } from './recipes.ts';
import type { WorkflowInput } from './schema.ts';
import { writeOut } from './write-out.ts';

/** What is wrong with a recipe whatever its inputs will be, by the lines of its file. */
export async function recipeProblems(name: string, text: string): Promise<WorkflowError[]> {
  const source = readYaml(text);
  if ('errors' in source) return source.errors;
  const inputs = Object.fromEntries(
    [...recipeHead(text).inputs].map(([input, declared]) => [input, standIn(declared)]),
  );
  const written = writeOut(text, inputs);
  if ('errors' in written) return written.errors;
  const loaded = await loadWorkflow(written.text, name);
  if (!('errors' in loaded)) return [];
  // What an input will fill in is not there yet.
  const lasting = loaded.errors.filter(({ where }) => !isFilledIn(source.value, pathOf(where)));
  return written.text === text ? lasting : lasting.map((one) => inFile(source, one));
}

/** Errors of what a recipe became, told by where they come from: the input that was put there, or the line of the recipe. */
export function toldByRecipe(text: string, errors: readonly WorkflowError[]): WorkflowError[] {
  const source = readYaml(text);
  return errors.map((error) => {
    if ('errors' in source) return error;
    const input = inputBehind(source.value, pathOf(error.where));
    if (input === null) return inFile(source, error);
    return { ...error, where: input, line: null, column: null, text: null };
  });
}

type Path = (string | number)[];

/** Of `nodes.build-2.gates[0]`; names of nodes have no dots. */
function pathOf(where: string): Path {
  return where
    .split('.')
    .flatMap((part) => part.split(/\[([0-9]+)\]/))
    .flatMap((part): Path => (part === '' ? [] : [/^[0-9]+$/.test(part) ? Number(part) : part]));
}

function inFile(source: YamlText, error: WorkflowError): WorkflowError {
  const { path } = reached(source.value, pathOf(error.where));
  const place = source.place({ path, at: 'value', what: error.what, fix: error.fix });
  return { ...error, ...place, text: source.textAt(place) };
}

function isFilledIn(value: unknown, path: Path): boolean {
  const { found } = reached(value, path);
  return inputBehind(value, path) !== null || (typeof found === 'string' && found.includes('${'));
}

/** `inputs.who`, or `inputs.checks[1]`; null where no input stands alone there. */
function inputBehind(value: unknown, path: Path): string | null {
  const last = path.at(-1);
  const above = path.slice(0, -1);
  // A profile comes with its provider: `claude:fast`.
  const places = last === 'profile' ? [path, [...above, 'provider']] : [path];
  const [input] = places.flatMap((place) => {
    const { found } = reached(value, place);
    return typeof found === 'string' ? (wholeInput(found) ?? []) : [];
  });
  if (input === undefined) return null;
  return typeof last === 'number' ? `inputs.${input}[${last}]` : `inputs.${input}`;
}

/** As far as the path leads in the recipe, where a text may stand for a list: a copy of a repeated node stands there without its number. */
function reached(value: unknown, path: Path): { path: Path; found: unknown } {
  const way: Path = [];
  let found = value;
  for (const part of path) {
    if (typeof found !== 'object' || found === null) return { path: way, found };
    const fields = new Map<string, unknown>(Object.entries(found));
    const key = [String(part), String(part).replace(/-[0-9]+$/, '')].find((one) => fields.has(one));
    if (key === undefined) return { path: way, found: undefined };
    way.push(typeof part === 'number' ? part : key);
    found = fields.get(key);
  }
  return { path: way, found };
}

function standIn({ type, default: usual }: WorkflowInput): unknown {
  if (usual !== undefined) return usual;
  switch (type) {
    case 'string':
      return 'x';
    case 'number':
      return 1;
    case 'boolean':
      return true;
    case 'list':
    case 'items':
      return ['x'];
  }
}
