import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { json, type Json } from '../../src/core/json.ts';
import { strictSchema, withoutFillers } from '../../src/core/strict-schema.ts';

const finding = z.object({
  title: z.string().min(1),
  severity: z.enum(['major', 'minor']),
  file: z.string().nullable(),
  line: z.number().int().optional(),
});

const contract = z.object({
  summary: z.string(),
  findings: z.array(finding),
  advice: z.string().optional(),
  next: z.discriminatedUnion('kind', [
    z.object({ kind: z.literal('stop'), why: z.string().optional() }),
    z.object({ kind: z.literal('go'), where: z.string().nullable().optional() }),
  ]),
});

const schema = schemaOf(contract);

describe('the strict form of a schema', () => {
  test('closes every object and requires every property', () => {
    for (const one of objectsIn(strictSchema(schema))) {
      expect(one['additionalProperties']).toBe(false);
      expect(one['required']).toEqual(
        Object.keys(z.record(z.string(), json).parse(one['properties'])),
      );
    }
    expect(objectsIn(strictSchema(schema))).toHaveLength(4);
  });

  test('keeps to the keywords of the strict subset', () => {
    const text = JSON.stringify(strictSchema(schema));
    expect(text).not.toMatch(/\$schema|oneOf|minLength|minimum|maximum|"format"|"default"/);
  });

  test('lets null stand for what was optional, once', () => {
    expect(
      strictSchema({
        type: 'object',
        properties: {
          a: { type: 'string' },
          b: { type: ['string', 'null'] },
          c: { anyOf: [{ type: 'string' }, { type: 'number' }] },
          d: { $ref: '#/definitions/d' },
        },
        definitions: { d: { type: 'string' } },
      }),
    ).toEqual({
      type: 'object',
      properties: {
        a: { anyOf: [{ type: 'string' }, { type: 'null' }] },
        b: { type: ['string', 'null'] },
        c: { anyOf: [{ type: 'string' }, { type: 'number' }, { type: 'null' }] },
        d: { anyOf: [{ $ref: '#/$defs/d' }, { type: 'null' }] },
      },
      required: ['a', 'b', 'c', 'd'],
      additionalProperties: false,
      $defs: { d: { type: 'string' } },
    });
  });

  test.each<[string, Json]>([
    ['a map', { type: 'object', additionalProperties: { type: 'string' } }],
    [
      'a map inside',
      { type: 'object', properties: { a: schemaOf(z.record(z.string(), z.number())) } },
    ],
    ['anything inside', { type: 'object', properties: { a: {} } }],
    ['a list of anything', { type: 'object', properties: { a: { type: 'array' } } }],
    ['an intersection', { type: 'object', properties: { a: { allOf: [] } } }],
    ['a list at the root', { type: 'array', items: { type: 'string' } }],
    ['a choice at the root', { anyOf: [{ type: 'object', properties: {} }] }],
    ['an open definition', { type: 'object', properties: {}, $defs: { a: true } }],
    ['no schema', 'object'],
    ['null', null],
  ])('there is none for %s', (_, other) => {
    expect(strictSchema(other)).toBeNull();
  });
});

describe('an answer without its fillers', () => {
  test('fits the contract again', () => {
    const forced = {
      summary: 's',
      findings: [{ title: 't', severity: 'major', file: null, line: null }],
      advice: null,
      next: { kind: 'stop', why: null },
    };
    expect(contract.safeParse(forced).success).toBe(false);
    expect(withoutFillers(schema, forced)).toEqual({
      summary: 's',
      findings: [{ title: 't', severity: 'major', file: null }],
      next: { kind: 'stop' },
    });
  });

  test('keeps every null the schema knows', () => {
    const answer = { summary: 's', findings: [], next: { kind: 'go', where: null } };
    expect(withoutFillers(schema, answer)).toEqual(answer);
  });

  test('keeps what the schema does not speak of', () => {
    expect(withoutFillers({ type: 'object' }, { a: null })).toEqual({ a: null });
    expect(withoutFillers(null, { a: null })).toEqual({ a: null });
    expect(withoutFillers(schema, 'prose')).toBe('prose');
  });

  test('follows references, and gives up on those that lead nowhere', () => {
    const tree: Json = {
      $ref: '#/$defs/node',
      $defs: {
        node: {
          type: 'object',
          properties: { name: { type: 'string' }, child: { $ref: '#/$defs/node' } },
        },
        loop: { $ref: '#/$defs/loop' },
      },
    };
    const answer = { name: 'a', child: { name: null, child: null } };
    expect(withoutFillers(tree, answer)).toEqual({ name: 'a', child: {} });
    expect(
      withoutFillers({ $ref: '#/$defs/loop', $defs: { loop: { $ref: '#/$defs/loop' } } }, answer),
    ).toEqual(answer);
  });
});

function schemaOf(type: z.ZodType): Json {
  return json.parse(z.toJSONSchema(type));
}

function objectsIn(value: Json): { [key: string]: Json }[] {
  if (typeof value !== 'object' || value === null) return [];
  const inside = Object.values(value).flatMap(objectsIn);
  return !Array.isArray(value) && value['type'] === 'object' ? [value, ...inside] : inside;
}
