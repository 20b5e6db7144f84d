import { z } from 'zod';
import { didYouMean } from '../core/closest.ts';
import { json, type Json } from '../core/json.ts';
import type { WorkflowError } from '../core/problem.ts';
import { wholeInput } from '../core/recipe-commands.ts';
import { partsOfWorker } from '../core/worker-name.ts';
import { readYaml } from '../platform/yaml-text.ts';
import { usualItem } from './expand.ts';
import { readInputs } from './input.ts';
import { workflowInput } from './schema.ts';
import { itemTemplate, type InputValue } from './template.ts';

type Fields = Record<string, Json>;
/** A node that is there once for each entry of a list input. `after`: the repeated node that must be finished for the entry before. */
type Repeat = { input: string; after: string | null; entries: readonly string[] };
type Context = { values: ReadonlyMap<string, InputValue>; repeats: ReadonlyMap<string, Repeat> };

const loose = z.looseObject({
  inputs: z.record(z.string(), workflowInput).optional(),
  nodes: z.record(z.string(), z.record(z.string(), json)),
});
const forEach = z
  .union([z.string(), z.strictObject({ input: z.string(), after: z.string().optional() })])
  .transform((said) => (typeof said === 'string' ? { input: said } : said));

/**
 * A recipe as a plain workflow: what only recipes may say (`for_each`, an input in place of a route, a role, paths or commands) is
 * written out. A text that says nothing of the kind, or is too broken to tell, stays as it is: the loader then says what is wrong.
 */
export function writeOut(
  text: string,
  given: Readonly<Record<string, unknown>>,
): { text: string } | { errors: WorkflowError[] } {
  const source = readYaml(text);
  if ('errors' in source) return { text };
  // A key that is there twice would be gone from what is written out.
  if (source.refused.length > 0) return { errors: source.refused };
  const read = loose.safeParse(source.value);
  if (!read.success) return { text };
  const { inputs, nodes } = read.data;
  const valued = readInputs(inputs, given);
  if ('errors' in valued) return valued;
  // An input that was left out is as good as empty: what it stands for is not said.
  const left = Object.keys(inputs ?? {}).map((name): [string, InputValue] => [name, '']);
  const values = new Map([...left, ...valued.values]);
  const { repeats, errors } = repeatsOf(nodes, values);
  if (errors.length > 0) return { errors };
  const context = { values, repeats };
  const written = writtenNodes(nodes, context);
  const names = new Set(written.map(([name]) => name));
  if (names.size < written.length) {
    return {
      errors: [refusal('nodes', 'a repeated node gets a name that is taken.', 'Rename it.')],
    };
  }
  const { defaults, emitted } = read.data;
  const out = {
    ...filledIn(read.data, wholeKeys, values),
    ...(isFields(defaults) ? { defaults: filled(defaults, values) } : {}),
    ...(isFields(emitted) ? { emitted: filled(emitted, values) } : {}),
    nodes: Object.fromEntries(written),
  };
  const whole = JSON.stringify(out, null, 1);
  return { text: whole === JSON.stringify(read.data, null, 1) ? text : whole };
}

function repeatsOf(
  nodes: Readonly<Record<string, Fields>>,
  values: ReadonlyMap<string, InputValue>,
): { repeats: Map<string, Repeat>; errors: WorkflowError[] } {
  const repeats = new Map<string, Repeat>();
  const errors: WorkflowError[] = [];
  for (const [name, node] of Object.entries(nodes)) {
    if (node['for_each'] === undefined) continue;
    const where = `nodes.${name}.for_each`;
    const said = forEach.safeParse(node['for_each']);
    const entries = said.success ? textsOf(values.get(said.data.input)) : null;
    if (!said.success || entries === null) {
      const named = said.success ? said.data.input : '';
      const fix = didYouMean(named, values.keys()) ?? 'Name an input of type list.';
      errors.push(refusal(where, 'this is no list among the inputs.', fix));
    } else if (entries.length === 0) {
      errors.push(refusal(`inputs.${said.data.input}`, 'is empty.', 'Give at least one entry.'));
    } else {
      repeats.set(name, { input: said.data.input, after: said.data.after ?? null, entries });
    }
  }
  for (const [name, { after, input }] of repeats) {
    if (after === null || repeats.get(after)?.input === input) continue;
    const fix =
      didYouMean(after, repeats.keys()) ?? 'Name a node that is repeated for the same input.';
    errors.push(refusal(`nodes.${name}.for_each.after`, `${after} is not repeated like it.`, fix));
  }
  return { repeats, errors };
}

function textsOf(value: InputValue | undefined): string[] | null {
  return z.array(z.string()).safeParse(value).data ?? null;
}

function refusal(where: string, what: string, fix: string): WorkflowError {
  return { line: null, column: null, text: null, where, what, fix };
}

/** In the order of the file; neighbours that are repeated for the same list stand entry by entry, as they will be worked on. */
function writtenNodes(nodes: Readonly<Record<string, Fields>>, context: Context): Written[] {
  const written: Written[] = [];
  let group: { input: string | null; rows: Written[][] } = { input: null, rows: [] };
  for (const [name, node] of Object.entries(nodes)) {
    const input = context.repeats.get(name)?.input ?? null;
    if (input === null || input !== group.input) {
      written.push(...group.rows.flat());
      group = { input, rows: [] };
    }
    for (const [row, copy] of copiesOf(name, node, context).entries())
      group.rows[row] = [...(group.rows[row] ?? []), copy];
  }
  return [...written, ...group.rows.flat()];
}

type Written = [name: string, node: Fields];

function copiesOf(name: string, node: Fields, context: Context): Written[] {
  const repeat = context.repeats.get(name);
  if (repeat === undefined) return [[name, nodeOf(node, null, context)]];
  const { for_each: _said, ...rest } = node;
  return repeat.entries.map((entry, index) => [
    `${name}-${index + 1}`,
    {
      ...nodeOf(rest, { ...repeat, entry, number: index + 1 }, context),
      part: { of: repeat.input, n: index + 1, total: repeat.entries.length },
    },
  ]);
}

type Copy = Repeat & { entry: string; number: number };

function nodeOf(node: Fields, copy: Copy | null, context: Context): Fields {
  const own = copy === null ? node : copied(node, copy);
  const route = filled(own, context.values);
  const template = route['node'];
  const needs = needsOf(route['needs'], copy, context);
  return {
    ...route,
    ...(isFields(template) ? { node: itemOf(template, route['as'], context.values) } : {}),
    ...(needs === null ? {} : { needs }),
    ...(copy === null || !isFields(route['on_fail'])
      ? {}
      : { on_fail: sentBack(route['on_fail'], copy, context) }),
  };
}

/** `${each}` and `${n}` filled in; what an entry says is never looked at again. */
function copied(node: Fields, { entry, number, entries }: Copy): Fields {
  const fill = (text: string, plain: boolean): string =>
    text.replaceAll(/\$?\$\{\s*(each|n|total)\s*\}/g, (whole, word: string) => {
      if (whole.startsWith('$$')) return whole;
      if (word === 'n') return String(number);
      if (word === 'total') return String(entries.length);
      return plain ? entry : entry.replaceAll('${', () => '$${');
    });
  const fields = Object.entries(node).map(([key, value]): [string, Json] => {
    if (texts.has(key) && typeof value === 'string') return [key, fill(value, false)];
    if (words.has(key) && typeof value === 'string') return [key, fill(value, true)];
    if (key === 'when' && typeof value === 'string') return [key, numbered(value, number)];
    if (key !== 'pass_when' || !Array.isArray(value)) return [key, value];
    return [key, value.map((one) => (typeof one === 'string' ? numbered(one, number) : one))];
  });
  return splitProvider(Object.fromEntries(fields));
}

function numbered(expression: string, number: number): string {
  return expression.replaceAll('${n}', String(number));
}

const texts = new Set(['task', 'ask']);
const words = new Set(['role', 'provider', 'profile', 'model', 'effort', 'timeout']);
const lists = new Set(['gates', 'allow', 'deny']);
const numbers = new Set(['batch', 'concurrency', 'limit', 'sample', 'retries']);
const nodeKeys = new Set([...words, ...lists, ...numbers]);
/** Of the workflow itself. */
const wholeKeys = new Set(['land', 'concurrency', 'max_nodes', 'max_cycles', 'confirm', 'gates']);

/** What a map repeats: an input that stands alone as its task, or as paths of its scope, is a template in which `{item}` is the item. */
function itemOf(
  node: Fields,
  as: Json | undefined,
  values: ReadonlyMap<string, InputValue>,
): Fields {
  const name = typeof as === 'string' ? as : usualItem;
  const typed = (value: Json | undefined): InputValue | undefined => {
    const input = typeof value === 'string' ? wholeInput(value) : null;
    return input === null ? undefined : values.get(input);
  };
  const task = typed(node['task']);
  const scope = isFields(node['scope']) ? node['scope'] : {};
  const paths = Object.entries(scope).flatMap(([key, value]): [string, Json][] => {
    const found = textsOf(typed(value));
    return found === null ? [] : [[key, found.map((path) => itemTemplate(path, name))]];
  });
  return filled(
    {
      ...node,
      ...(typeof task === 'string' ? { task: itemTemplate(task, name) } : {}),
      ...(paths.length === 0 ? {} : { scope: { ...scope, ...Object.fromEntries(paths) } }),
    },
    values,
  );
}

/** An input that stands alone where a word or a list is expected. A word that is empty is left out: nothing is fixed. */
function filled(node: Fields, values: ReadonlyMap<string, InputValue>): Fields {
  const { scope } = node;
  const own = isFields(scope) ? { ...node, scope: filled(scope, values) } : node;
  return splitProvider(readingIfAsked(filledIn(own, nodeKeys, values), values));
}

function filledIn<T>(
  fields: Record<string, T>,
  keys: ReadonlySet<string>,
  values: ReadonlyMap<string, InputValue>,
): Record<string, T | Json> {
  return Object.fromEntries(
    Object.entries(fields).flatMap(([key, value]): [string, T | Json][] => {
      const input = typeof value === 'string' ? wholeInput(value) : null;
      const found = input === null ? undefined : values.get(input);
      if (found === undefined || !keys.has(key)) return [[key, value]];
      if (typeof found === 'object') return [[key, [...found]]];
      return found === '' ? [] : [[key, found]];
    }),
  );
}

/** `read_only`, where its input is true, takes away all that writing needs. */
function readingIfAsked(
  { read_only: asked, ...node }: Fields,
  values: ReadonlyMap<string, InputValue>,
): Fields {
  const input = typeof asked === 'string' ? wholeInput(asked) : null;
  if (asked === undefined || input === null)
    return asked === undefined ? node : { ...node, read_only: asked };
  if (values.get(input) !== true) return node;
  const { write: _write, scope: _scope, ...reading } = node;
  return reading;
}

/** `claude:fast` is a provider and its profile. */
function splitProvider(node: Fields): Fields {
  const { provider: name, profile: other } = node;
  if (typeof name !== 'string') return node;
  const { provider, profile } = partsOfWorker(name);
  // Where another profile is named beside it, the loader says so.
  if (profile === null || (other !== undefined && other !== profile)) return node;
  return { ...node, provider, profile };
}

/** A copy needs its own copies of what is repeated like it, and all of what is repeated otherwise. */
function needsOf(needs: Json | undefined, copy: Copy | null, context: Context): Json[] | null {
  if (needs !== undefined && !Array.isArray(needs)) return null;
  const before =
    copy === null || copy.after === null || copy.number === 1
      ? []
      : [`${copy.after}-${copy.number - 1}`];
  const all = (needs ?? []).flatMap((need): Json[] => {
    if (typeof need !== 'string') return [need];
    const repeat = context.repeats.get(need);
    if (repeat === undefined) return [need];
    if (copy?.input === repeat.input) return [`${need}-${copy.number}`];
    return repeat.entries.map((_entry, index) => `${need}-${index + 1}`);
  });
  return needs === undefined && before.length === 0 ? null : [...before, ...all];
}

function sentBack(onFail: Fields, copy: Copy, { repeats }: Context): Fields {
  const { retry } = onFail;
  const isCopied = typeof retry === 'string' && repeats.get(retry)?.input === copy.input;
  return isCopied ? { ...onFail, retry: `${retry}-${copy.number}` } : onFail;
}

function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
