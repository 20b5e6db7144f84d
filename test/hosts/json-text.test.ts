import fc from 'fast-check';
import { expect, test } from 'vitest';
import { removeFromJson, setInJson, valueOfJson } from '../../src/hosts/json-text.ts';
import { TextError } from '../../src/hosts/text-error.ts';

const path = ['mcpServers', 'mo'];
const entry = { command: 'node', args: ['mo.mjs', 'serve'] };

test('a member is added in the indentation and the line ends of the file, and every other byte stays', () => {
  const text =
    '{\r\n\t"a": 1,\r\n\t"mcpServers": {\r\n\t\t"other": { "x":  [1,2] }\r\n\t}\r\n}\r\n';
  const now = setInJson(text, path, entry);
  expect(now).toBe(
    '{\r\n\t"a": 1,\r\n\t"mcpServers": {\r\n\t\t"other": { "x":  [1,2] },\r\n\t\t"mo": {\r\n\t\t\t"command": "node",\r\n\t\t\t"args": [\r\n\t\t\t\t"mo.mjs",\r\n\t\t\t\t"serve"\r\n\t\t\t]\r\n\t\t}\r\n\t}\r\n}\r\n',
  );
  expect(removeFromJson(now, path)).toBe(text);
});

test('what is missing on the way is made, and an empty object is opened', () => {
  expect(setInJson('{}\n', path, 1)).toBe('{\n  "mcpServers": {\n    "mo": 1\n  }\n}\n');
  expect(setInJson('{\n    "mcpServers": {}\n}', path, 1)).toBe(
    '{\n    "mcpServers": {\n        "mo": 1\n    }\n}',
  );
});

test('a text on one line stays on one line', () => {
  expect(setInJson('{"a":{"b":1}}', ['a', 'c'], { d: [1] })).toBe('{"a":{"b":1, "c": {"d":[1]}}}');
  expect(setInJson('{\n  "a": {"b":1}\n}', ['a', 'c'], { d: [1] })).toBe(
    '{\n  "a": {"b":1, "c": {"d":[1]}}\n}',
  );
});

test('a value that is there is replaced in its place', () => {
  const text = '{ "mcpServers": { "mo": {"old": true}, "z": 1 } }';
  expect(setInJson(text, path, { x: 2 })).toBe('{ "mcpServers": { "mo": {"x":2}, "z": 1 } }');
});

test.each([
  ['{\n  "a": 1,\n}', 3, 'double quotes'],
  ['{\n  // mine\n  "a": 1\n}', 2, 'no comments'],
  ['{\n  "a": 1\n  "b": 2\n}', 3, 'comma'],
  ['{"a": tru}', 1, 'value is missing'],
  ['{"a": "x\ny"}', 1, 'not closed'],
  ['{} x', 1, 'behind the end'],
  ['', 1, 'value is missing'],
])('%j is refused with its line', (text, line, what) => {
  const error = caught(() => setInJson(text, path, entry));
  expect(error.line).toBe(line);
  expect(error.message).toContain(what);
});

test('an object that is none is named', () => {
  expect(caught(() => setInJson('{"mcpServers": []}', path, 1)).message).toContain('mcpServers');
});

test('a text with a byte order mark keeps it', () => {
  const text = '\uFEFF{"a": 1}';
  expect(setInJson(text, ['b'], 2)).toBe('\uFEFF{"a": 1, "b": 2}');
});

test('any JSON in any form reads as JSON.parse reads it, and setting and removing gives it back', () => {
  fc.assert(
    fc.property(
      fc.dictionary(fc.string(), fc.jsonValue()),
      fc.constantFrom<string | number>('', 2, 4, '\t'),
      fc.jsonValue(),
      (object, indent, value) => {
        fc.pre(!Object.hasOwn(object, 'new') && Object.keys(object).length > 0);
        const text = JSON.stringify(object, null, indent);
        expect(valueOfJson(text)).toEqual(JSON.parse(text));
        const set = setInJson(text, ['new'], JSON.parse(JSON.stringify(value)));
        expect(JSON.parse(set)).toEqual(JSON.parse(JSON.stringify({ ...object, new: value })));
        expect(removeFromJson(set, ['new'])).toBe(text);
      },
    ),
  );
});

function caught(act: () => unknown): TextError {
  try {
    act();
  } catch (error) {
    if (error instanceof TextError) return error;
    throw error;
  }
  throw new Error('nothing was thrown');
}
