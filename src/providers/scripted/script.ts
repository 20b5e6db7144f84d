import type { Json } from '../../core/json.ts';

/**
 * The steps a scripted worker knows, with their fields. The checker and the types both derive from this table. Not zod: loading it
 * takes a third of the time Node itself needs to start, and every scripted worker would pay it.
 *
 * `force` does a writing step although the worker may only read. Paths are relative to the worker's folder and may lead out of it.
 */
const shapes = {
  write: { path: 'text', text: 'text', force: 'flag?' },
  append: { path: 'text', text: 'text', force: 'flag?' },
  delete: { path: 'text', force: 'flag?' },
  rename: { from: 'text', to: 'text', force: 'flag?' },
  /** `mode` in octal digits: `755`. */
  chmod: { path: 'text', mode: 'text', force: 'flag?' },
  symlink: { path: 'text', target: 'text', force: 'flag?' },
  /** Everything in the folder, as git commits it. */
  commit: { message: 'text', force: 'flag?' },
  shell: { command: 'text', force: 'flag?' },
  sleep: { ms: 'number' },
  say: { text: 'text' },
  /** One text event per line, `delayMs` after each. */
  stream: { lines: 'texts', delayMs: 'number' },
  /** So many text events, as fast as they can be written. */
  flood: { events: 'number' },
  /** `truncated`: JSON lines cut off; `binary`: no UTF-8; `long`: one line of 10 MB; `junk`: what other programs print between events. */
  garbage: { kind: ['truncated', 'binary', 'long', 'junk'] },
  /** A tool call in words only; it lasts `ms`. */
  tool: { name: 'text', summary: 'text', ok: 'flag?', ms: 'number?' },
  /** Added to what was used so far. */
  usage: { usd: 'number?', input: 'number', cached: 'number', output: 'number' },
  /** A secret-looking key, made at run time: into the file where there is a path, else into the output. */
  leak: {
    kind: ['anthropic', 'openai', 'github', 'aws', 'private-key'],
    path: 'text?',
    force: 'flag?',
  },
  /** Asks for a permission nobody can give. */
  ask: { question: 'text' },
  /** The vendor's limit is reached; ends the worker. */
  quota: { resetsInMs: 'number?' },
  /** The context overflows; ends the worker. */
  context: {},
  /** Ends the worker with an error of this class. */
  fail: {
    class: ['refused', 'quota', 'context', 'transient', 'auth', 'invalid', 'budget'],
    message: 'text',
  },
  /** Neither works nor ends. */
  hang: {},
  /** `SIGINT`, `SIGTERM` ... have no effect from here on. */
  ignore: { signals: 'texts' },
  /** A process that outlives the worker; `detached`: in a session of its own, so that it leaves the process group. */
  grandchild: { detached: 'flag', ms: 'number' },
  crash: { how: ['kill', 'abort', '?'] },
  /** Ends without a closing event. */
  exit: { code: 'number' },
  /** The final answer. Steps after it are still done, as by a CLI that goes on after its closing event. */
  handoff: { value: 'json' },
  /** The final answer of a worker that says it did what it did not. */
  claim: { text: 'text' },
  // oxlint-disable-next-line unicorn/no-thenable -- a list, never called; `then` is the word people look for.
  when: { exists: 'text', then: 'steps', else: 'steps?' },
} as const satisfies Record<string, Record<string, Field>>;

export type Step = { [Name in StepName]: { do: Name } & Fields<(typeof shapes)[Name]> }[StepName];
export type Script = readonly Step[];
/** One script, or one for each attempt; attempts beyond the last one follow the last. */
export type Scripts = Script | readonly Script[];
/** By node name; a name that ends in `*` stands for every node that begins so, the longest such name wins. */
export type ScriptBook = Readonly<Record<string, Scripts>>;

export type ScriptFor = { script: Script } | { problem: string } | null;

/**
 * What this attempt is to do according to `value`: a step, a list of steps, a list of such lists (one an attempt), or a book of
 * them. null: the book has nothing for this node.
 */
export function scriptFor(value: unknown, node: string, attempt: number): ScriptFor {
  if (isRecord(value) && typeof value['do'] !== 'string') {
    const name = bestName(Object.keys(value), node);
    return name === null ? null : scriptFromList(value[name], `${name}: `, attempt);
  }
  return scriptFromList(Array.isArray(value) ? value : [value], '', attempt);
}

function scriptFromList(list: unknown, where: string, attempt: number): ScriptFor {
  const steps: unknown =
    Array.isArray(list) && list.length > 0 && list.every(Array.isArray)
      ? list[Math.min(Math.max(attempt, 1), list.length) - 1]
      : list;
  if (isScript(steps)) return { script: steps };
  return { problem: `${where}${problemOfSteps(steps) ?? 'not a script'}` };
}

function bestName(names: readonly string[], node: string): string | null {
  if (names.includes(node)) return node;
  const patterns = names.filter((name) => name.endsWith('*') && node.startsWith(name.slice(0, -1)));
  return patterns.toSorted((left, right) => right.length - left.length)[0] ?? null;
}

function isScript(value: unknown): value is Script {
  return problemOfSteps(value) === null;
}

function problemOfSteps(steps: unknown): string | null {
  if (!Array.isArray(steps)) return 'not a list of steps';
  for (const [index, step] of steps.entries()) {
    const problem = problemOfStep(step);
    if (problem !== null) return `step ${index + 1}: ${problem}`;
  }
  return null;
}

function problemOfStep(step: unknown): string | null {
  if (!isRecord(step)) return 'not an object';
  const { do: name, ...given } = step;
  if (typeof name !== 'string' || !isStepName(name)) {
    return `there is no step ${JSON.stringify(name)}; there are ${Object.keys(shapes).join(', ')}`;
  }
  const shape: Record<string, Field> = shapes[name];
  const unknown = Object.keys(given).find((key) => !Object.hasOwn(shape, key));
  if (unknown !== undefined) return `${name} has no field ${unknown}`;
  for (const [key, field] of Object.entries(shape)) {
    const problem = problemOfField(field, given[key]);
    if (problem !== null) return `${name}.${key} ${problem}`;
  }
  return null;
}

function problemOfField(field: Field, value: unknown): string | null {
  if (typeof field === 'object') {
    if (value === undefined && field.includes('?')) return null;
    const choices = field.filter((choice) => choice !== '?');
    return typeof value === 'string' && choices.includes(value)
      ? null
      : `must be one of ${choices.join(', ')}`;
  }
  if (value === undefined && field.endsWith('?')) return null;
  switch (field) {
    case 'text':
    case 'text?':
      return typeof value === 'string' ? null : 'must be a text';
    case 'number':
    case 'number?':
      return typeof value === 'number' && value >= 0 ? null : 'must be a number, 0 or more';
    case 'flag':
    case 'flag?':
      return typeof value === 'boolean' ? null : 'must be true or false';
    case 'texts':
      return Array.isArray(value) && value.every((text) => typeof text === 'string')
        ? null
        : 'must be a list of texts';
    case 'json':
      return value === undefined ? 'is missing' : null;
    case 'steps':
    case 'steps?':
      return problemOfSteps(value);
  }
}

type StepName = keyof typeof shapes;

type Field = FieldName | readonly string[];
type FieldName =
  | 'text'
  | 'text?'
  | 'number'
  | 'number?'
  | 'flag'
  | 'flag?'
  | 'texts'
  | 'json'
  | 'steps'
  | 'steps?';

type IsOptional<One> = One extends readonly string[]
  ? '?' extends One[number]
    ? true
    : false
  : One extends `${string}?`
    ? true
    : false;

type Fields<Shape> = {
  [Key in keyof Shape as IsOptional<Shape[Key]> extends true ? never : Key]: Value<Shape[Key]>;
} & {
  [Key in keyof Shape as IsOptional<Shape[Key]> extends true ? Key : never]?: Value<Shape[Key]>;
};

type Value<One> = One extends readonly string[]
  ? Exclude<One[number], '?'>
  : One extends 'text' | 'text?'
    ? string
    : One extends 'number' | 'number?'
      ? number
      : One extends 'flag' | 'flag?'
        ? boolean
        : One extends 'texts'
          ? readonly string[]
          : One extends 'json'
            ? Json
            : Script;

function isStepName(name: string): name is StepName {
  return Object.hasOwn(shapes, name);
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
