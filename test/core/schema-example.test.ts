import { expect, test } from 'vitest';
import { contractOf } from '../../src/core/handoff.ts';
import { exampleOf } from '../../src/core/schema-example.ts';
import { roles } from '../../src/core/names.ts';
import { checkHandoff } from '../../src/core/handoff.ts';
import type { Json } from '../../src/core/json.ts';

test.each<[string, Json, Json]>([
  ['what it gives as example', { type: 'string', examples: ['a', 'b'] }, 'a'],
  ['its default', { type: 'integer', default: 7 }, 7],
  ['a default that is false', { type: 'boolean', default: false }, false],
  ['its only value', { const: null, type: 'null' }, null],
  ['the first of a choice', { enum: ['x', 'y'] }, 'x'],
  ['the first of several forms', { anyOf: [{ type: 'number', minimum: 2 }, { type: 'null' }] }, 2],
  ['the first of several types', { type: ['string', 'null'] }, 'example'],
  ['a length', { type: 'string', minLength: 9 }, 'example..'],
  ['a short length', { type: 'string', maxLength: 2 }, 'ex'],
  ['a bound above', { type: 'integer', exclusiveMinimum: 4 }, 5],
  ['a bound below', { type: 'integer', maximum: -3 }, -4],
  ['entries', { type: 'array', minItems: 2, items: { type: 'boolean' } }, [true, true]],
  ['none where none are asked for', { type: 'array', items: { type: 'boolean' } }, []],
  [
    'fields and what they refer to',
    { properties: { a: { $ref: '#/$defs/n' } }, $defs: { n: { type: 'number' } } },
    { a: 0 },
  ],
  ['all its parts', { allOf: [{ properties: { a: { const: 1 } } }] }, { a: 1 }],
  ['nothing where it says nothing', {}, null],
  ['itself inside itself, not for ever', { $ref: '#' }, null],
])('an example follows %s', (_, schema, example) => {
  expect(exampleOf(schema)).toEqual(example);
});

test.each(roles)('the example of the contract of %s fits it', (role) => {
  const contract = contractOf(role);
  expect(checkHandoff({ role, contract, value: exampleOf(contract) })).toHaveProperty('handoff');
});
