import { z } from 'zod';
import { json } from '../core/json.ts';
import type { WorkflowError } from '../core/problem.ts';
import { didYouMean } from '../core/closest.ts';
import type { WorkflowFile, WorkflowInput } from './schema.ts';
import type { InputValue } from './template.ts';

/** Why a value is not of the declared type; null when it is. */
export function inputError(type: WorkflowInput['type'], value: unknown): string | null {
  // A path, which is read when the run starts.
  if (type === 'items' && typeof value === 'string') return null;
  return convert(type, value) === null ? `${shown(value)} is no ${kindOf(type)}.` : null;
}

/** The value of every declared input: as given, else the default. From a command line everything comes as text, so `5` and `true` in text are taken too. */
export function readInputs(
  declared: WorkflowFile['inputs'],
  given: Readonly<Record<string, unknown>>,
): { values: Map<string, InputValue> } | { errors: WorkflowError[] } {
  const inputs = new Map(Object.entries(declared ?? {}));
  const errors: WorkflowError[] = [];
  const values = new Map<string, InputValue>();
  const refuse = (name: string, what: string, fix: string): void => {
    errors.push({ line: null, column: null, text: null, where: `inputs.${name}`, what, fix });
  };
  for (const name of Object.keys(given)) {
    if (inputs.has(name)) continue;
    const known = inputs.size === 0 ? 'It has none.' : `Known: ${[...inputs.keys()].join(', ')}.`;
    refuse(name, 'the workflow has no such input.', didYouMean(name, inputs.keys()) ?? known);
  }
  for (const [name, input] of inputs) {
    const value = Object.hasOwn(given, name) ? given[name] : input.default;
    const converted = value === undefined ? null : convert(input.type, value);
    if (converted !== null) values.set(name, converted);
    else if (value !== undefined) refuse(name, `${shown(value)} is no ${kindOf(input.type)}.`, '');
    else if (input.required ?? true) refuse(name, 'is missing.', `Give a ${kindOf(input.type)}.`);
  }
  return errors.length > 0 ? { errors } : { values };
}

/** A path has become its items by now. */
const itemList = z.array(json);

function kindOf(type: WorkflowInput['type']): string {
  return type === 'items' ? 'list of items' : type;
}

function convert(type: WorkflowInput['type'], value: unknown): InputValue | null {
  switch (type) {
    case 'string':
      return typeof value === 'string' || typeof value === 'number' ? String(value) : null;
    case 'number': {
      const number = typeof value === 'string' && value.trim() !== '' ? Number(value) : value;
      return typeof number === 'number' && Number.isFinite(number) ? number : null;
    }
    case 'boolean':
      if (typeof value === 'boolean') return value;
      return value === 'true' ? true : value === 'false' ? false : null;
    case 'list':
      return Array.isArray(value) && value.every((one) => typeof one === 'string') ? value : null;
    case 'items':
      return itemList.safeParse(value).data ?? null;
  }
}

function shown(value: unknown): string {
  const text = JSON.stringify(value) ?? typeof value;
  return text.length > 60 ? `${text.slice(0, 57)}…` : text;
}
