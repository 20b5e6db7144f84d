import { z } from 'zod';
import { didYouMean } from '../core/closest.ts';
import { handoffStatus } from '../core/contracts.ts';
import { contractOf } from '../core/handoff.ts';
import { fieldOf, json, type Json } from '../core/json.ts';
import { roleOfEmitter } from './expand.ts';
import type { LooseNode } from './loose-file.ts';

/** JSON Schema of what a node hands on. */
export type HandoffSchema = Json;

/** What expressions may read of a node: its contract and, on every node, `blocking_count`. */
export function handoffSchemaOf(node: LooseNode): HandoffSchema {
  if (node.kind !== 'agent') return engineHandoffs()[node.kind];
  if (node.output !== undefined) return node.output;
  return contractOf(node.role ?? roleOfEmitter(node.emit) ?? 'implementation');
}

/** Why a field is not in a handoff; null where it is, or may be. */
export function fieldProblem(
  schema: HandoffSchema,
  path: readonly string[],
): { what: string; fix: string } | null {
  if (path[0] === 'blocking_count') return null;
  let at: Json | undefined = schema;
  for (const [index, name] of path.entries()) {
    const choices: Json[] = branchesOf(at);
    if (choices.some(isOpen)) return null;
    const properties = choices.flatMap((one) => Object.keys(mapAt(one, 'properties')));
    if (!properties.includes(name)) {
      return missing(path.slice(0, index), name, { choices, properties });
    }
    at = { anyOf: choices.flatMap((one) => fieldOf(mapAt(one, 'properties'), name) ?? []) };
  }
  return null;
}

const summary = { status: handoffStatus, summary: z.string() };

/** What the engine itself hands on for nodes that no worker answers for. */
const engineNodes = {
  command: z.strictObject(summary),
  approval: z.strictObject(summary),
  gate: z.strictObject({
    ...summary,
    checks: z.array(z.strictObject({ expression: z.string(), value: json })),
  }),
  map: z.strictObject({
    ...summary,
    total: z.number(),
    verified: z.number(),
    failed: z.number(),
    skipped: z.number(),
  }),
};

let made: Record<keyof typeof engineNodes, Json> | null = null;

function engineHandoffs(): Record<keyof typeof engineNodes, Json> {
  made ??= {
    command: schemaOf(engineNodes.command),
    approval: schemaOf(engineNodes.approval),
    gate: schemaOf(engineNodes.gate),
    map: schemaOf(engineNodes.map),
  };
  return made;
}

function schemaOf(schema: z.ZodType): Json {
  return json.parse(z.toJSONSchema(schema));
}

function branchesOf(schema: Json | undefined): Json[] {
  const inner = ['anyOf', 'oneOf'].flatMap((word) => {
    const list = fieldOf(schema, word);
    return Array.isArray(list) ? list : [];
  });
  if (inner.length > 0) return inner.flatMap(branchesOf);
  return schema === undefined || fieldOf(schema, 'type') === 'null' ? [] : [schema];
}

/** Whether a schema says nothing about its fields, or more than is looked at here. */
function isOpen(schema: Json): boolean {
  if (typeof schema !== 'object' || schema === null || Array.isArray(schema)) return true;
  const says = (word: string): boolean => Object.hasOwn(schema, word);
  if (['$ref', 'allOf', 'if', 'patternProperties', '$dynamicRef'].some(says)) return true;
  const more = schema['additionalProperties'];
  if (more !== undefined && more !== false) return true;
  return !says('properties') && !says('items') && !isPlain(schema['type']);
}

function isPlain(type: Json | undefined): boolean {
  return typeof type === 'string' && type !== 'object';
}

function mapAt(schema: Json, word: string): { [key: string]: Json } {
  const found = fieldOf(schema, word);
  return typeof found === 'object' && found !== null && !Array.isArray(found) ? found : {};
}

function missing(
  above: readonly string[],
  name: string,
  { choices, properties }: { choices: readonly Json[]; properties: readonly string[] },
): { what: string; fix: string } {
  const place = above.join('.');
  if (properties.length === 0) {
    const isList = choices.some((one) => fieldOf(one, 'type') === 'array');
    const kind = isList ? 'a list' : 'no map';
    return {
      what: `${place === '' ? 'its handoff' : place} is ${kind}, so it has no field ${name}.`,
      fix: isList ? `Write ${place}[0].${name}, or ${place}.exists(one, one.${name} == …).` : '',
    };
  }
  const known = above.length === 0 ? [...properties, 'blocking_count'] : properties;
  return {
    what: `its handoff has no field ${[...above, name].join('.')}.`,
    fix: didYouMean(name, known) ?? `Known: ${known.join(', ')}.`,
  };
}
