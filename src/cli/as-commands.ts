import { z } from 'zod';
import type { OperationCard } from '../operations/operation.ts';
import { commandName, flagName, shellWord } from '../operations/naming.ts';
import { flagsOf } from './flags.ts';
import { readCall, type CallFields, type CallValue } from './read-call.ts';

/** What an answer says as calls of tools (`output {run_id: "r-7", part: "report"}`), said as commands (`mo output r-7 --part report`). */
export function asCommands(text: string, operations: readonly OperationCard[]): string {
  let said = '';
  let done = 0;
  for (const { 1: name, index } of text.matchAll(/\b([a-z_]+) (?=\{)/g)) {
    const operation = operations.find((one) => one.name === name);
    if (operation === undefined || index < done) continue;
    const call = readCall(text, index + operation.name.length + 1);
    if (call === null) continue;
    said += text.slice(done, index) + commandOf(operation, call.fields);
    done = call.end;
  }
  return said + text.slice(done);
}

function commandOf(operation: OperationCard, given: CallFields): string {
  const { name, positional } = operation;
  const words: string[] = [];
  for (const field of positional) {
    const value = given.get(field);
    // What stands in a place has all places before it filled.
    if (value === undefined) break;
    words.push(wordOf(value));
  }
  const flags = [...given].filter(([field]) => !positional.slice(0, words.length).includes(field));
  return [
    'mo',
    commandName({ name }),
    ...words,
    ...flags.flatMap(([field, value]) => flagsFor([field], value, operation.input)),
  ].join(' ');
}

/** A list is its flag again and again, an object the flags of its fields, where it has such. */
function flagsFor(path: readonly string[], value: CallValue, input: z.ZodObject): string[] {
  const flag = flagName(path.join('_'));
  if (value === true) return [flag];
  if (value === false) return [isOnByDefault(input, path) ? flag.replace('--', '--no-') : flag];
  if (isList(value)) return value.map((one) => `${flag} ${wordOf(one)}`);
  if (value instanceof Map && hasFlag(input, [...path, ...value.keys()].slice(0, 2)))
    return [...value].flatMap(([field, inner]) => flagsFor([...path, field], inner, input));
  return [`${flag} ${wordOf(value)}`];
}

function hasFlag(input: z.ZodObject, wanted: readonly string[]): boolean {
  return flagsOf(input).some(({ path }) => path.join('.') === wanted.join('.'));
}

function isOnByDefault(input: z.ZodObject, [field = '']: readonly string[]): boolean {
  const schema = input.shape[field];
  return schema !== undefined && z.safeParse(schema, undefined).data === true;
}

function isList(value: CallValue): value is readonly CallValue[] {
  return Array.isArray(value);
}

function wordOf(value: CallValue): string {
  if (typeof value === 'object' && 'blank' in value) return `<${value.blank.replaceAll('_', '-')}>`;
  return shellWord(typeof value === 'object' ? JSON.stringify(plain(value)) : String(value));
}

function plain(value: CallValue): unknown {
  if (isList(value)) return value.map(plain);
  return value instanceof Map
    ? Object.fromEntries([...value].map(([field, inner]) => [field, plain(inner)]))
    : value;
}
