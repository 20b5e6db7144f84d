import type { Tool } from '@modelcontextprotocol/server';
import { z } from 'zod';
import type { OperationCard, OperationKind } from '../operations/operation.ts';

type ObjectSchema = Tool['inputSchema'];

/** The tool that a host is shown for an operation. */
export function toolOf(operation: OperationCard): Tool {
  return {
    name: operation.name,
    title: operation.title,
    description: operation.summary,
    inputSchema: objectSchema(operation.input, 'input'),
    // A tool with an output schema must answer with data; one that answers in text has none.
    ...(operation.answersInText ? {} : { outputSchema: outputSchemaOf(operation) }),
    annotations: hintsOf(operation.kind),
    _meta: {
      ...(operation.alwaysLoad ? { 'anthropic/alwaysLoad': true } : {}),
      'anthropic/searchHint': operation.searchHint,
    },
  };
}

/**
 * Whole where a controller calls it again and again; of other tools only the fields of the answer: what is in those it sees when it has
 * them, and all tools together would cost it twice as much.
 */
function outputSchemaOf(operation: OperationCard): ObjectSchema {
  const whole = answerSchema(operation);
  if (operation.alwaysLoad) return whole;
  const fields = Object.entries(whole.properties ?? {}).map(([name, field]) => [name, bare(field)]);
  return { type: 'object', properties: Object.fromEntries(fields) };
}

/** All that an answer may hold, as docs/tools.md tells it. */
export function answerSchema({ output }: OperationCard): ObjectSchema {
  return objectSchema(output, 'output');
}

const typed = z.object({
  type: z.string().optional(),
  items: z.object({ type: z.string().optional() }).optional(),
});

/** Of a schema its type, and that of its items; of a field that may be null only that it is there. */
function bare(field: unknown): z.infer<typeof typed> {
  return typed.safeParse(field).data ?? {};
}

/** Codex decides by these whether a call runs without asking, and Claude Code whether plan mode allows it: they must be true. */
function hintsOf(kind: OperationKind): Tool['annotations'] {
  switch (kind) {
    case 'read':
      return { readOnlyHint: true, openWorldHint: false };
    case 'write':
      return { readOnlyHint: false, destructiveHint: false, openWorldHint: false };
    case 'destroy':
      return { readOnlyHint: false, destructiveHint: true, openWorldHint: false };
    case 'start':
      return { readOnlyHint: false, destructiveHint: true, openWorldHint: true };
  }
}

const anyObjectSchema = z.looseObject({ type: z.literal('object') });

function objectSchema(schema: z.ZodObject, io: 'input' | 'output'): ObjectSchema {
  return anyObjectSchema.parse(trimmed(z.toJSONSchema(schema, { io })));
}

/**
 * Without what costs a controller tokens and tells it nothing: `$schema`, the bounds of safe integers, that amounts are positive,
 * lengths nobody reaches, what other keys may be there (who sends a wrong one is told those there are), that a flag is off and a text
 * empty unless given, the choices of a field marked `brief`, which another tool lists, and what
 * only the help of a command says (`off`).
 */
function trimmed(schema: object): Record<string, unknown> {
  const kept: Record<string, unknown> = {};
  for (const [key, inner] of Object.entries(schema)) {
    if (noise.has(key)) continue;
    if (key === 'minimum' && (inner === 0 || inner === 1)) continue;
    if (key === 'exclusiveMinimum' && inner === 0) continue;
    if (Math.abs(Number(inner)) === Number.MAX_SAFE_INTEGER) continue;
    if (key === 'additionalProperties' && (inner === false || isEmpty(inner))) continue;
    if (key === 'default' && (inner === false || inner === '')) continue;
    if (key === 'brief' || key === 'off' || (key === 'enum' && 'brief' in schema)) continue;
    kept[key] = trimmedValue(inner);
  }
  return kept;
}

function isEmpty(value: unknown): boolean {
  return typeof value === 'object' && value !== null && Object.keys(value).length === 0;
}

function trimmedValue(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(trimmedValue);
  return typeof value === 'object' && value !== null ? trimmed(value) : value;
}

const noise = new Set(['$schema', 'propertyNames', 'maxLength']);
