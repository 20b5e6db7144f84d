import { Option } from 'commander';
import { z } from 'zod';
import { flagName } from '../operations/naming.ts';
import { flagWords } from './flag-words.ts';

/** One flag of a command: an input field, or one field inside an object (`--scope-allow`, also written `--scope.allow`). */
export type Flag = { path: readonly string[]; option: Option };

const field = z.looseObject({
  type: z.string().optional(),
  enum: z.array(z.string()).optional(),
  description: z.string().optional(),
  default: z.unknown().optional(),
  /** What turning it off means, where it is on by default. */
  off: z.string().optional(),
  get items() {
    return field.optional();
  },
  get properties() {
    return z.record(z.string(), field).optional();
  },
});
type Field = z.infer<typeof field>;

/** The flags that an input schema means, in its order; `operation`: whose words they are told in. */
export function flagsOf(input: z.ZodObject, operation = ''): Flag[] {
  const schema = field.parse(z.toJSONSchema(input, { io: 'input', unrepresentable: 'any' }));
  const told = (path: readonly string[], one: Field): Field => ({
    ...one,
    description: flagWords(operation, path) ?? one.description,
  });
  return Object.entries(schema.properties ?? {}).flatMap(([name, one]) => [
    ...onOrOff([name], told([name], one)),
    ...Object.entries(one.properties ?? {}).flatMap(([inner, part]) => [
      flagOf([name, inner], told([name, inner], part)),
      dotted([name, inner], part),
    ]),
  ]);
}

/** What the flags of one call say, as the input of the operation; fields nobody named are left out. */
export function inputOf(
  flags: readonly Flag[],
  values: Readonly<Record<string, unknown>>,
): Record<string, unknown> {
  const input: Record<string, unknown> = {};
  for (const { path, option } of flags) {
    const value = values[option.attributeName()];
    const [name = '', inner] = path;
    if (value === undefined) continue;
    if (inner === undefined) input[name] = value;
    else input[name] = { ...objectAt(input, name), [inner]: value };
  }
  return input;
}

function objectAt(input: Record<string, unknown>, name: string): Record<string, unknown> {
  const found = z.record(z.string(), z.unknown()).safeParse(input[name]);
  return found.success ? found.data : {};
}

function dotted(path: readonly string[], one: Field): Flag {
  const flag = flagOf(path, one, '.');
  return { path, option: flag.option.hideHelp() };
}

/** What is on by default is turned off; that it is on may be said too. */
function onOrOff(path: readonly string[], one: Field): Flag[] {
  const flag = flagOf(path, one);
  if (one.type !== 'boolean' || one.default !== true) return [flag];
  const name = flag.option.flags.replace('--', '--no-');
  return [flag, { path, option: new Option(name, one.off ?? `not: ${one.description ?? ''}`) }];
}

function flagOf(path: readonly string[], one: Field, joint = '_'): Flag {
  const name = flagName(path.join(joint));
  const option = new Option(`${name}${placeholder(one)}`, describe(one));
  // The help names the choices; the schema refuses what is none of them, and says which one is near.
  if (one.enum !== undefined) option.choices(one.enum).argParser((text: string) => text);
  else if (one.type === 'array') option.argParser(collect);
  else if (one.type === 'number' || one.type === 'integer') option.argParser(numberOrText);
  else if (one.type !== 'string' && one.type !== 'boolean') option.argParser(jsonOrText);
  return { path, option };
}

function placeholder(one: Field): string {
  if (one.type === 'boolean') return '';
  if (one.enum !== undefined) return ' <choice>';
  if (one.type === 'number' || one.type === 'integer') return ' <number>';
  if (one.type === 'array' || one.type === 'string') return ' <text>';
  return ' <json>';
}

function describe(one: Field): string {
  const text = one.description ?? '';
  const more = [
    ...(one.type === 'array' ? ['may be given several times'] : []),
    ...(one.default === undefined || one.default === false
      ? []
      : [`default: ${JSON.stringify(one.default)}`]),
  ];
  return more.length === 0 ? text : `${text} (${more.join(', ')})`;
}

function collect(text: string, before: unknown): string[] {
  const list = z.array(z.string()).safeParse(before);
  return [...(list.success ? list.data : []), text];
}

/** What is no number stays text, so that the schema says which field it was and what it takes. */
function numberOrText(text: string): number | string {
  const number = Number(text);
  return text.trim() === '' || Number.isNaN(number) ? text : number;
}

function jsonOrText(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
