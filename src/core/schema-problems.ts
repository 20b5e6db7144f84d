import { z } from 'zod';
import { boundWords } from './bound-words.ts';
import { didYouMean } from './closest.ts';
import { fittingValue } from './fitting-value.ts';
import { innerSchemas } from './inner-schemas.ts';

export type Path = readonly (string | number)[];

/** One thing that does not fit a schema. `at`: whether the value is wrong, or the key that leads to it. */
export type SchemaProblem = {
  path: Path;
  at: 'key' | 'value';
  what: string;
  fix: string;
  /** What was probably meant, where that is known; `fix` names it too. */
  meant?: { value: unknown };
};

/** A zod error as sentences a person or a model can act on. `value` is what was parsed, to say what was found instead. */
export function schemaProblems(
  error: z.ZodError,
  schema: z.ZodType,
  value: unknown,
): SchemaProblem[] {
  return error.issues.flatMap((issue) => problemsOf(issue, schema, value, []));
}

/** `nodes.build.timeout`, `findings[2].line`; empty for the whole value. */
export function showPath(path: Path): string {
  return path
    .map((part, index) =>
      typeof part === 'number' ? `[${part}]` : index === 0 ? part : `.${part}`,
    )
    .join('');
}

type Issue = z.core.$ZodIssue;

function problemsOf(issue: Issue, schema: z.ZodType, value: unknown, above: Path): SchemaProblem[] {
  const path = [...above, ...issue.path.map(toPart)];
  const found = valueAt(value, path);
  switch (issue.code) {
    case 'unrecognized_keys':
      return issue.keys.map((key) => unknownKey(key, path, keysAt(schema, path, value)));
    case 'invalid_type':
      return [
        found === undefined
          ? { path, at: 'key', what: 'is missing.', fix: `Give ${article(issue.expected)}.` }
          : wrongType(issue, schema, found, path),
      ];
    case 'invalid_value':
      return [oneOf(path, found, issue.values.map(String))];
    case 'invalid_union':
      return unionProblems(issue, schema, value, path);
    case 'invalid_key':
      return issue.issues.map((inner) => ({
        path,
        at: 'key',
        what: `${shown(path.at(-1))} is no valid name: ${sentence(inner.message)}`,
        fix: 'Rename it.',
      }));
    case 'custom':
      return [{ path, at: 'value', what: sentence(issue.message), fix: fixOf(issue) }];
    case 'invalid_element':
    case 'invalid_format':
    case 'not_multiple_of':
      return [misfit(path, found, issue.message)];
    case 'too_big':
    case 'too_small': {
      const bound = boundWords(issue);
      if (bound === null) return [misfit(path, found, issue.message)];
      return [
        { path, at: 'value', what: `${bound}, not ${measured(found, issue.origin)}.`, fix: '' },
      ];
    }
  }
}

function misfit(path: Path, found: unknown, message: string): SchemaProblem {
  const what =
    found === undefined ? sentence(message) : `${shown(found)} does not fit: ${sentence(message)}`;
  return { path, at: 'value', what, fix: '' };
}

/** Of a text or a list how long it is, else itself. */
function measured(found: unknown, origin: string): string {
  if (typeof found === 'string' && origin === 'string') return String(found.length);
  return Array.isArray(found) ? String(found.length) : shown(found);
}

function wrongType(
  { expected }: Extract<Issue, { code: 'invalid_type' }>,
  schema: z.ZodType,
  found: unknown,
  path: Path,
): SchemaProblem {
  const what = `must be ${article(expected)}, not ${shown(found)}.`;
  const name = path.findLast((part) => typeof part === 'string') ?? '';
  const meant =
    schemasAt(schema, path)
      .map((one) => fittingValue(one, found, name))
      .find((one) => one !== null) ?? null;
  const text = meant === null ? null : showValue(meant.value);
  return meant === null || text === null || text.length > mostOfExample
    ? { path, at: 'value', what, fix: hintFor(expected) }
    : { path, at: 'value', what, fix: `Write ${text}.`, meant };
}

const mostOfExample = 200;

/** As JSON, with blanks for the eye. */
function showValue(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(showValue).join(', ')}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  const fields = Object.entries(value).map(
    ([key, inner]) => `${JSON.stringify(key)}: ${showValue(inner)}`,
  );
  return `{${fields.join(', ')}}`;
}

function unionProblems(
  issue: Extract<Issue, { code: 'invalid_union' }>,
  schema: z.ZodType,
  value: unknown,
  path: Path,
): SchemaProblem[] {
  const found = valueAt(value, path);
  if (issue.discriminator !== undefined) {
    return [oneOf(path, found, discriminatorsAt(schema, path))];
  }
  // The branch whose complaint lies deepest is the one that was meant: the others failed at the door.
  const branches = issue.errors.filter((branch) => branch.length > 0);
  const meant = branches.toSorted((left, right) => depthOf(right) - depthOf(left))[0];
  if (meant !== undefined && depthOf(meant) > 0) {
    return meant.flatMap((inner) => problemsOf(inner, schema, value, path));
  }
  const expected = [...new Set(branches.flat().map(expectation))].filter((text) => text !== '');
  return [
    {
      path,
      at: 'value',
      what: `${shown(found)} does not fit.`,
      fix: `Give ${expected.join(' or ')}.`,
    },
  ];
}

function depthOf(branch: readonly Issue[]): number {
  return Math.max(
    ...branch.map((issue) => issue.path.length + (issue.code === 'unrecognized_keys' ? 1 : 0)),
  );
}

function expectation(issue: Issue): string {
  if (issue.code === 'invalid_type') return article(issue.expected);
  if (issue.code === 'invalid_value') return issue.values.map(String).join(' or ');
  return issue.message;
}

function unknownKey(key: string, above: Path, known: readonly string[]): SchemaProblem {
  const near = didYouMean(key, known);
  const list = known.length === 0 ? 'Remove it.' : `Known here: ${known.join(', ')}.`;
  return { path: [...above, key], at: 'key', what: 'is no known key.', fix: near ?? list };
}

function oneOf(path: Path, found: unknown, options: readonly string[]): SchemaProblem {
  const near = typeof found === 'string' ? didYouMean(found, options) : null;
  const list = options.length === 1 ? `Write ${options[0]}.` : `Use one of: ${options.join(', ')}.`;
  return {
    path,
    at: found === undefined ? 'key' : 'value',
    what: found === undefined ? 'is missing.' : `${shown(found)} is not possible here.`,
    fix: near === null ? list : `${near} ${list}`,
  };
}

/** The keys an object at this place may have; empty when the schema does not say. */
function keysAt(schema: z.core.$ZodType, path: Path, value: unknown): string[] {
  const found = valueAt(value, path);
  const objects = schemasAt(schema, path).filter((one) => one instanceof z.ZodObject);
  const meant = objects.filter((one) => hasLiteralsOf(one, found));
  return [
    ...new Set((meant.length > 0 ? meant : objects).flatMap((one) => Object.keys(one.shape))),
  ];
}

/** Of a union told apart by a constant, only the branch with that constant is meant. */
function hasLiteralsOf(schema: z.ZodObject, found: unknown): boolean {
  return Object.entries(schema.shape).every(([key, field]) => {
    const isLiteral = innerSchemas(field).every((one) => one instanceof z.ZodLiteral);
    return !isLiteral || z.safeParse(field, valueAt(found, [key])).success;
  });
}

function discriminatorsAt(schema: z.core.$ZodType, path: Path): string[] {
  return schemasAt(schema, path).flatMap((one) =>
    one instanceof z.ZodLiteral ? [...one.values].map(String) : [],
  );
}

/** Every schema a value at this place could be meant for. */
function schemasAt(schema: z.core.$ZodType, path: Path): z.core.$ZodType[] {
  const [part, ...rest] = path;
  const candidates = innerSchemas(schema);
  if (part === undefined) return candidates;
  return candidates.flatMap((one) => {
    if (one instanceof z.ZodObject) {
      const next = Object.entries(one.shape).find(([name]) => name === part)?.[1];
      return next === undefined ? [] : schemasAt(next, rest);
    }
    if (one instanceof z.ZodRecord) return schemasAt(one.valueType, rest);
    return one instanceof z.ZodArray ? schemasAt(one.element, rest) : [];
  });
}

function valueAt(value: unknown, path: Path): unknown {
  let at = value;
  for (const part of path) {
    if (typeof at !== 'object' || at === null || !Object.hasOwn(at, part)) return undefined;
    at = Reflect.get(at, part);
  }
  return at;
}

function toPart(part: PropertyKey): string | number {
  return typeof part === 'number' ? part : String(part);
}

function shown(value: unknown): string {
  if (value === undefined) return 'nothing';
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'a list';
  if (typeof value === 'object') return 'a mapping';
  const text = JSON.stringify(value) ?? typeof value;
  return text.length > 60 ? `${text.slice(0, 57)}…` : text;
}

function article(expected: string): string {
  if (expected === 'record' || expected === 'object') return 'a mapping';
  if (expected === 'array') return 'a list';
  if (expected === 'int') return 'a whole number';
  if (expected === 'boolean') return 'true or false';
  return expected === 'string' ? 'a text' : `a ${expected}`;
}

function hintFor(expected: string): string {
  if (expected === 'string') return 'Put it in quotes.';
  return `Give ${article(expected)}.`;
}

function sentence(message: string): string {
  return /[.!?]$/.test(message) ? message : `${message}.`;
}

function fixOf(issue: Issue): string {
  const fix = issue.code === 'custom' ? issue.params?.['fix'] : undefined;
  return typeof fix === 'string' ? fix : '';
}
