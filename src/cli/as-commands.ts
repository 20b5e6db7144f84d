import { z } from 'zod';
import type { OperationCard } from '../operations/operation.ts';
import { commandName, flagName } from '../operations/naming.ts';

/** What an answer says as calls of tools (`output {run_id: "r-7", part: "report"}`), said as commands (`mo output r-7 --part report`). */
export function asCommands(text: string, operations: readonly OperationCard[]): string {
  return text.replaceAll(/\b([a-z_]+) \{([^{}]*)\}/g, (whole, name: string, fields: string) => {
    const operation = operations.find((one) => one.name === name);
    const given = fieldsOf(fields);
    return operation === undefined || given === null ? whole : commandOf(operation, given);
  });
}

type Given = ReadonlyMap<string, string>;

/** null where it is not fields with their values: then it is no call that could be made as it stands. */
function fieldsOf(text: string): Given | null {
  const parts = text.split(/, (?=\w+:)/).filter((part) => part !== '');
  const pairs = parts.map((part) => /^(\w+): (?:"([^"]*)"|([\w.-]+))$/.exec(part));
  if (pairs.includes(null)) return null;
  return new Map(pairs.map((pair) => [pair?.[1] ?? '', pair?.[2] ?? pair?.[3] ?? '']));
}

function commandOf({ name, positional, input }: OperationCard, given: Given): string {
  const words: string[] = [];
  for (const field of positional) {
    const value = given.get(field);
    // What stands in a place has all places before it filled.
    if (value === undefined) break;
    words.push(value);
  }
  const flags = [...given].filter(([field]) => !positional.slice(0, words.length).includes(field));
  return [
    'mo',
    commandName({ name }),
    ...words.map(quoted),
    ...flags.map(([field, value]) => flagOf(field, value, input)),
  ].join(' ');
}

function flagOf(field: string, value: string, input: z.ZodObject): string {
  const flag = flagName(field);
  if (value === 'true') return flag;
  if (value === 'false') return flag.replace('--', isOnByDefault(input, field) ? '--no-' : '--');
  return `${flag} ${quoted(value)}`;
}

function isOnByDefault(input: z.ZodObject, field: string): boolean {
  const schema = input.shape[field];
  return schema !== undefined && z.safeParse(schema, undefined).data === true;
}

function quoted(text: string): string {
  return /^[\w./:-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
}
