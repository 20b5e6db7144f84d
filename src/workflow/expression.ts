import type { ASTNode, Environment } from '@marcbachmann/cel-js';
import { isBlocking } from '../core/gate.ts';
import { findingsOf } from '../core/handoff.ts';
import { fieldOf, type Json } from '../core/json.ts';
import { callWithin } from '../platform/call-within.ts';
import { readsOf, type Read } from './expression-reads.ts';
import { fromCel, toCel } from './expression-values.ts';

/** What an expression is evaluated over. */
export type Values = {
  /** The handoff of every node in `needs`; null where it was skipped. */
  nodes: ReadonlyMap<string, Json>;
  inputs: Readonly<Record<string, Json>>;
  run: { id: string; goal: string; cycles: number; usd: number; tokens: number };
};

/** The functions a list of items may come from: `files(globs)`, `lines(path)`, `json(path)`, `jsonl(path)`, `csv(path)`. */
export const listSources = ['files', 'lines', 'json', 'jsonl', 'csv'] as const;
export type ListSource = (typeof listSources)[number];

/** Gives what a call of a list source stands for. What it throws comes out of `evaluateList`. */
export type ReadSource = (source: ListSource, argument: Json) => Promise<Json>;

export type Evaluated = { value: Json } | { error: string };

export type Expression = {
  text: string;
  /** The names outside the expression that it depends on, each with the fields that are named there. */
  reads: readonly Read[];
  /** As far as it can be known before: `bool`, `list`, `string`, …; `dyn` when it depends on the values. */
  gives: string;
  evaluate: (values: Values) => Evaluated;
  /** With list sources. Only for expressions that were compiled with them. */
  evaluateList: (values: Values, read: ReadSource) => Promise<Evaluated>;
  /** `review.blocking_count = 2`: what the expression looked at, for a person who wants to know why. */
  seen: (values: Values) => string[];
};

/** `at`: where in the text, counted from 0. */
export type ExpressionError = { what: string; fix: string; at: number };

/**
 * A CEL expression, checked as far as it can be without values. Whole numbers of JSON are ints of CEL, all others doubles; a map has no
 * keys but its own. What it may cost: the text is at most 4 KB, nested at most 32 deep with 1,000 parts and 3 loops inside each other;
 * evaluating it is ended after a second, whatever it is doing (`platform/call-within.ts`), and its result is at most 5 MB in 500,000
 * parts. Nothing in it can bind a value to a name (`cel.bind`), so that values cannot double.
 */
export async function compileExpression(
  text: string,
  { hasSources }: { hasSources: boolean } = { hasSources: false },
): Promise<{ expression: Expression } | { error: ExpressionError }> {
  const bytes = Buffer.byteLength(text);
  if (bytes > maxBytes) {
    return { error: refusal(`the expression has ${bytes} bytes; at most ${maxBytes} are read.`) };
  }
  const { Environment: MakeEnvironment, ParseError } = await import('@marcbachmann/cel-js');
  const environment = new MakeEnvironment(options);
  if (hasSources) declareSources(environment, () => []);
  let ast: ASTNode;
  try {
    ast = environment.parse(text).ast;
  } catch (error) {
    if (error instanceof ParseError) return { error: syntaxError(error) };
    throw error;
  }
  const found = readsOf(ast);
  if ('error' in found) return found;
  const checked = environment.check(text);
  if (!checked.valid) return { error: typeError(checked.error, text) };
  const { reads } = found;
  const evaluateOnce = (values: Values, answer: Answer): Evaluated => {
    // Parsed anew each time: an evaluation that was ended leaves its syntax tree in the middle of things.
    const fresh = new MakeEnvironment(options);
    if (hasSources) declareSources(fresh, answer);
    const parsed = fresh.parse(text);
    return evaluated(() => parsed(contextOf(values, reads)));
  };
  return {
    expression: {
      text,
      reads,
      gives: checked.type ?? 'dyn',
      evaluate: (values) => evaluateOnce(values, () => []),
      evaluateList: (values, read) => withSources((answer) => evaluateOnce(values, answer), read),
      seen: (values) => reads.map((read) => seenValue(read, values)),
    },
  };
}

const maxBytes = 4_000;
const maxMs = 1_000;
const maxCalls = 20;
const maxSeen = 200;

const options = {
  unlistedVariablesAreDyn: true,
  homogeneousAggregateLiterals: false,
  limits: {
    maxAstNodes: 1_000,
    maxDepth: 32,
    maxListElements: 500,
    maxMapEntries: 100,
    maxCallArguments: 8,
  },
};

type Answer = (source: ListSource, argument: unknown) => unknown;

function declareSources(environment: Environment, answer: Answer): void {
  for (const source of listSources) {
    environment.registerFunction(`${source}(dyn): list<dyn>`, {
      handler: (argument: unknown) => answer(source, argument),
      async: false,
    });
  }
}

/** Evaluating waits for nothing, so what a source gives is looked up; whatever was not there yet is read, and it starts again. */
async function withSources(
  evaluate: (answer: Answer) => Evaluated,
  read: ReadSource,
): Promise<Evaluated> {
  const known = new Map<string, unknown>();
  for (let round = 0; round <= maxCalls; round += 1) {
    const wanted = new Map<string, { source: ListSource; argument: Json }>();
    const outcome = evaluate((source, celArgument) => {
      const argument = fromCel(celArgument);
      const key = JSON.stringify([source, argument]);
      if (known.has(key)) return known.get(key);
      wanted.set(key, { source, argument });
      return [];
    });
    if (wanted.size === 0) return outcome;
    for (const [key, { source, argument }] of wanted) {
      if (known.size >= maxCalls) break;
      known.set(key, toCel(await read(source, argument)));
    }
  }
  return { error: `more than ${maxCalls} different files or patterns are read.` };
}

function evaluated(run: () => unknown): Evaluated {
  try {
    const outcome = callWithin(maxMs, () => fromCel(run()));
    if (outcome === 'too long') {
      return {
        error: `it was not done after ${maxMs} ms. Loop over less, or let a command node do it.`,
      };
    }
    return outcome;
  } catch (error) {
    return { error: summaryOf(error) };
  }
}

/** Every root by its name, where the expression reads it. No node has a name of mo. */
function contextOf(values: Values, reads: readonly Read[]): Map<string, unknown> {
  const context = new Map<string, unknown>();
  for (const root of new Set(reads.map((read) => read.root))) {
    const value = rootValue(root, values);
    if (value !== undefined) context.set(root, toCel(value));
  }
  return context;
}

function rootValue(root: string, { nodes, inputs, run }: Values): Json | undefined {
  if (root === 'inputs') return { ...inputs };
  if (root === 'run') return { ...run };
  if (root === 'nodes') {
    return Object.fromEntries([...nodes].map(([name, handoff]) => [name, withCount(handoff)]));
  }
  const handoff = nodes.get(root);
  return handoff === undefined ? undefined : withCount(handoff);
}

/** Counted here, never taken from what a worker claims. */
function withCount(handoff: Json): Json {
  if (typeof handoff !== 'object' || handoff === null || Array.isArray(handoff)) return handoff;
  const blocking = findingsOf(handoff).filter(isBlocking).length;
  return { ...handoff, blocking_count: blocking };
}

function seenValue({ root, path }: Read, values: Values): string {
  let value = rootValue(root, values);
  for (const part of path) value = fieldOf(value, part);
  const text = value === undefined ? 'missing' : JSON.stringify(value);
  const name = [root, ...path].join('.');
  return `${name} = ${text.length > maxSeen ? `${text.slice(0, maxSeen)}…` : text}`;
}

function refusal(what: string): ExpressionError {
  return { what, fix: 'Say it in fewer words, or let a command node work it out.', at: 0 };
}

function syntaxError(error: unknown): ExpressionError {
  return {
    what: `the expression is no CEL: ${summaryOf(error)}`,
    fix: 'Write it like review.blocking_count == 0 && testing.status == "pass".',
    at: placeOf(error),
  };
}

/** A part that cannot be worked out, whatever the values are. */
function typeError(error: unknown, text: string): ExpressionError {
  const at = placeOf(error);
  const source = listSources.find((name) => text.slice(at).startsWith(`${name}(`));
  return {
    what: `the expression cannot be worked out: ${summaryOf(error)}`,
    fix:
      source === undefined
        ? 'Look up the functions of CEL, and compare only what is of one kind.'
        : `${source} is only there in over of a map, with one argument.`,
    at,
  };
}

function placeOf(error: unknown): number {
  const range = error instanceof Error && 'range' in error ? error.range : null;
  const start =
    typeof range === 'object' && range !== null && 'start' in range ? range.start : null;
  return typeof start === 'number' ? start : 0;
}

function summaryOf(error: unknown): string {
  const text =
    error instanceof Error && 'summary' in error && typeof error.summary === 'string'
      ? error.summary
      : error instanceof Error
        ? error.message
        : String(error);
  return /[.!?]$/.test(text) ? text : `${text}.`;
}
