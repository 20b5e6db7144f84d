import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { readPlainYaml } from '../../src/platform/plain-yaml.ts';
import { parseYaml } from '../../src/platform/yaml-text.ts';

test('a plain text is read', () => {
  expect(
    readPlainYaml(`# A comment
version: 1
nodes:
    n-1: {task: do it, needs: [a, b], write: true, timeout: 15m, scope: {allow: ['d1/**', "x y"]}}

    _two:
      # Another.
      task: Say "hello", [now] {or} later; costs $5#1
      list: []
      map: {}
name: x   
`),
  ).toEqual({
    value: {
      version: 1,
      nodes: {
        'n-1': {
          task: 'do it',
          needs: ['a', 'b'],
          write: true,
          timeout: '15m',
          scope: { allow: ['d1/**', 'x y'] },
        },
        _two: { task: 'Say "hello", [now] {or} later; costs $5#1', list: [], map: {} },
      },
      name: 'x',
    },
  });
});

test.each([
  ['an anchor', 'a: &x 1'],
  ['an alias', 'a: *x'],
  ['a tag', 'a: !x 1'],
  ['a key twice', 'a: 1\na: 2'],
  ['a key twice in a line', 'a: {b: 1, b: 2}'],
  ['a prototype key', '__proto__: 1'],
  ['a text of two lines', 'a: x\n  y: z'],
  ['a block text', 'a: |\n  x'],
  ['a comment behind a text', 'a: x # y'],
  ['a map in a text', 'a: b: c'],
  ['a key without a value', 'a:\nb: 1'],
  ['a null', 'a: null'],
  ['a key that is null', 'null: 1'],
  ['an octal', 'a: 0o17'],
  ['a float', 'a: 1e3'],
  ['a date', 'a: 2026-01-01'],
  ['a list in lines', 'a:\n  - b'],
  ['two documents', 'a: 1\n---\nb: 1'],
  ['a tab', 'a:\tb'],
  ['other letters', 'a: é'],
  ['an escape', 'a: "\\n"'],
  ['a quote in quotes', "a: 'it''s'"],
  ['a comma at the end', 'a: [b, ]'],
  ['a pair in a list', 'a: [b: c]'],
  ['an indented beginning', ' a: 1'],
  ['a step back to nowhere', 'a:\n    b: 1\n  c: 2'],
  ['nothing', ''],
])('%s is left to the parser', (_name, text) => {
  expect(readPlainYaml(text)).toBeNull();
});

describe('what is read is what the parser reads', () => {
  const piece = fc.constantFrom(
    ...(
      'a b-c _d n1 null true false True NULL yes on 0 1 07 10 15m 2h 1e3 0x1f 1.5 ~ - -- --- ... ? ! & * | > % @ ` # : , [ ] { } \' " \\ $ = + .' +
      ' __proto__ constructor << x/y http://x [a] {a: 1} [] {} \'x\' "x" \'\' "" [a,b] {a:1} {a: } [a, b] {a: [b], c: {d: e}}'
    ).split(' '),
    'a: ',
    'a:',
    'b: x',
    'b: {a: 1, b: [x]}',
    ' ',
    '  ',
    '\n',
    '\n  ',
    '\n    ',
    '\n# c\n',
    '\n  # c\n',
    ' # c',
    '- a',
    '\n- ',
    '\t',
    'é',
  );

  test('of texts that are nearly plain', () => {
    let read = 0;
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 12 }), (pieces) => {
        if (expectSame(`a: ${pieces.join('')}`)) read += 1;
        if (expectSame(pieces.join(''))) read += 1;
      }),
      { numRuns: 3_000 },
    );
    expect(read).toBeGreaterThan(100);
  });

  test('of maps in maps with something odd put in anywhere', () => {
    const tree = fc.letrec((tie) => ({
      map: fc.dictionary(fc.constantFrom('a', 'b', 'c-d', '_e', 'x1'), tie('value'), {
        minKeys: 1,
        maxKeys: 4,
      }),
      value: fc.oneof(
        { depthSize: 'small' },
        fc.constantFrom('x', 'do it', "['x', y]", '{a: 1, b: [c]}', '15m', '7', 'true', '"q: z"'),
        tie('map'),
      ),
    })).map;
    const text = tree.map((value) => printed(value, 0));
    let read = 0;
    fc.assert(
      fc.property(text, piece, fc.nat(), fc.nat({ max: 3 }), (plain, odd, at, cut) => {
        expect(expectSame(plain)).toBe(true);
        const place = at % (plain.length + 1);
        if (expectSame(plain.slice(0, place) + odd + plain.slice(place + cut))) read += 1;
      }),
      { numRuns: 3_000 },
    );
    expect(read).toBeGreaterThan(100);
  });

  test('of the workflows of the docs, letter by letter', () => {
    const page = join(resolve(import.meta.dirname, '../..'), 'docs', 'workflow-files.md');
    const texts = [...readFileSync(page, 'utf8').matchAll(/^```yaml\n([\s\S]*?)^```$/gm)];
    for (const [, text = ''] of texts) {
      for (let end = 1; end <= text.length; end += 7) expectSame(text.slice(0, end));
    }
  });
});

function printed(value: unknown, indent: number): string {
  if (typeof value !== 'object' || value === null) return ` ${String(value)}\n`;
  const blanks = ' '.repeat(indent);
  const lines = Object.entries(value).map(
    ([key, inner]) => `${blanks}${key}:${printed(inner, indent + 2)}`,
  );
  return `${indent === 0 ? '' : '\n'}${lines.join('')}`;
}

/** Whether it was read at all. */
function expectSame(text: string): boolean {
  const plain = readPlainYaml(text);
  if (plain === null) return false;
  const parsed = parseYaml(text);
  if ('errors' in parsed) throw new Error(`${JSON.stringify(text)}: ${parsed.errors[0]?.what}`);
  expect({ text, refused: parsed.refused, value: parsed.value }).toEqual({
    text,
    refused: [],
    value: plain.value,
  });
  return true;
}
