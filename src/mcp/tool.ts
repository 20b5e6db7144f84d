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
    ...(operation.answersInText ? {} : { outputSchema: objectSchema(operation.output, 'output') }),
    annotations: hintsOf(operation.kind),
    _meta: {
      ...(operation.alwaysLoad ? { 'anthropic/alwaysLoad': true } : {}),
      'anthropic/searchHint': operation.searchHint,
    },
  };
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
  const { additionalProperties, ...rest } = anyObjectSchema.parse(z.toJSONSchema(schema, { io }));
  // Said once, for the whole: a key that is not there is refused at every depth all the same.
  return anyObjectSchema.parse({ ...trimmed(rest), additionalProperties });
}

/**
 * Without what costs a controller tokens and tells it nothing: `$schema`, the bounds of safe integers, that amounts are positive,
 * lengths nobody reaches, and the choices of a field marked `brief`, which another tool lists.
 */
function trimmed(schema: object): Record<string, unknown> {
  const kept: Record<string, unknown> = {};
  for (const [key, inner] of Object.entries(schema)) {
    if (noise.has(key)) continue;
    if (inner === 0 && (key === 'minimum' || key === 'exclusiveMinimum')) continue;
    if (Math.abs(Number(inner)) === Number.MAX_SAFE_INTEGER) continue;
    if (key === 'additionalProperties' && inner === false) continue;
    if (key === 'brief' || (key === 'enum' && 'brief' in schema)) continue;
    kept[key] = trimmedValue(inner);
  }
  return kept;
}

function trimmedValue(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(trimmedValue);
  return typeof value === 'object' && value !== null ? trimmed(value) : value;
}

const noise = new Set(['$schema', 'propertyNames', 'maxLength']);
