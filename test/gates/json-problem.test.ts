import fc from 'fast-check';
import { expect, test } from 'vitest';
import { jsonProblem } from '../../src/gates/syntax/json-problem.ts';

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

const strict = { comments: false };
const lenient = { comments: true };
const pieces = fc.constantFrom(
  ...'{}[],:"\\ \n\t01-.eE/*uabfnrt'.split(''),
  'true',
  'null',
  '"a"',
  '"a":',
  '//',
);

test('what is no JSON is told from what is, as JSON.parse does', () => {
  fc.assert(
    fc.property(fc.array(pieces, { maxLength: 12 }), (parts) => {
      const text = parts.join('');
      expect(jsonProblem(text, strict) === null).toBe(isJson(text));
    }),
    { numRuns: 20_000 },
  );
  fc.assert(
    fc.property(fc.json(), fc.nat(), pieces, (text, at, piece) => {
      expect(jsonProblem(text, strict)).toBeNull();
      expect(jsonProblem(text, lenient)).toBeNull();
      const start = at % (text.length + 1);
      const changed = `${text.slice(0, start)}${piece}${text.slice(start)}`;
      expect(jsonProblem(changed, strict) === null).toBe(isJson(changed));
    }),
    { numRuns: 2_000 },
  );
});

test.each([
  ['{"a" 1}', 5, '"1" instead of a colon'],
  ['{"a": 1,}', 8, '"}" instead of a key'],
  ['[1 2]', 3, '"2" instead of a comma or ]'],
  ['{} x', 3, '"x" after the end of the value'],
  ['[', 1, 'The text ends too early'],
  ['"a\nb"', 2, 'A line break or control character in a text'],
])('%j is wrong at %i', (text, offset, message) => {
  expect(jsonProblem(text, strict)).toEqual({ offset, message });
});

test('comments and commas before a closing bracket are let stand where they are usual, and nothing else', () => {
  const texts = ['// a\n{"a": [1,], /* b */}', '{"a": "//"}', '[/**/]', '[]//'];
  expect(texts.map((text) => jsonProblem(text, lenient))).toEqual([null, null, null, null]);
  expect(jsonProblem('[,]', lenient)).not.toBeNull();
  expect(jsonProblem('[] /* ', lenient)).not.toBeNull();
  expect(jsonProblem('[1,]', strict)).not.toBeNull();
});
