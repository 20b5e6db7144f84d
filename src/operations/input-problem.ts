import { z } from 'zod';
import { MoError, type Surface } from '../core/problem.ts';
import { innerSchemas } from '../core/inner-schemas.ts';
import {
  schemaProblems,
  showPath,
  type Path,
  type SchemaProblem,
} from '../core/schema-problems.ts';
import { commandName, flagName, shellWord } from './naming.ts';

type Asked = {
  name: string;
  input: z.ZodObject;
  /** The fields a command takes without their flags. */
  positional?: string | readonly string[];
};

/** Arguments that do not fit, told as what to send instead: every field at fault, then the whole signature. */
export function inputProblem(
  operation: Asked,
  error: z.ZodError,
  surface: Surface,
  raw: unknown,
): MoError {
  const problems = schemaProblems(error, operation.input, raw).map((problem) =>
    surface === 'cli' && isPlaceEmpty(problem, operation)
      ? `${placeName(problem.path)} is missing: ${usageOf(operation)}.`
      : `${fieldName(problem.path, surface)} ${problem.what} ${fixOf(problem, operation.input, surface)}`.trimEnd(),
  );
  return new MoError({
    code: 'bad-input',
    what: problems.join(' '),
    fix:
      surface === 'cli'
        ? `See: mo ${commandName(operation)} --help`
        : `Call ${operation.name} with ${signatureOf(operation.input)}.`,
  });
}

function isPlaceEmpty({ path, at }: SchemaProblem, { positional = [] }: Asked): boolean {
  const [field = '', ...inner] = path;
  return at === 'key' && inner.length === 0 && [positional].flat().includes(String(field));
}

function placeName(path: Path): string {
  return `<${showPath(path).replaceAll('_', '-')}>`;
}

/** `mo workflow control <run-id> <action> [node]` */
function usageOf({ name, input, positional = [] }: Asked): string {
  const places = [positional].flat().map((field) => {
    const schema = input.shape[field];
    const isOptional = schema === undefined || z.safeParse(schema, undefined).success;
    const place = placeName([field]);
    return isOptional ? `[${place.slice(1, -1)}]` : place;
  });
  return ['mo', commandName({ name }), ...places].join(' ');
}

/** In a terminal an object is written with a flag for each of its fields, where it has such (`--budget-usd 5`), else as JSON in quotes. */
function fixOf({ path, fix, meant }: SchemaProblem, input: z.ZodObject, surface: Surface): string {
  const [field, ...inner] = path;
  const fields = object.safeParse(meant?.value).data;
  if (surface === 'mcp' || inner.length > 0 || field === undefined || fields === undefined)
    return fix;
  const schema = input.shape[String(field)];
  const hasFlags =
    schema !== undefined && innerSchemas(schema).some((one) => one instanceof z.ZodObject);
  const [[name, value] = ['', '']] = Object.entries(fields);
  return hasFlags
    ? `Write ${flagName(`${field}_${name}`)} ${shellWord(String(value))}.`
    : `Write ${flagName(String(field))} ${shellWord(JSON.stringify(fields))}.`;
}

const object = z.record(z.string(), z.unknown());

/** `{run_id, node?, wait_s?}`: what is required first. */
export function signatureOf(input: z.ZodObject): string {
  const fields = Object.entries(input.shape).map(([name, field]) =>
    z.safeParse(field, undefined).success ? `${name}?` : name,
  );
  return `{${fields.toSorted((left, right) => Number(left.endsWith('?')) - Number(right.endsWith('?'))).join(', ')}}`;
}

function fieldName(path: Path, surface: Surface): string {
  const name = showPath(path);
  if (name === '') return 'The input';
  return surface === 'cli' ? flagName(name.replaceAll('.', '_')) : `\`${name}\``;
}
