import { describe, expect, test } from 'vitest';
import type { Json } from '../../src/core/json.ts';
import {
  compileExpression,
  type Evaluated,
  type Expression,
  type Values,
} from '../../src/workflow/expression.ts';

test.each<[string, Json]>([
  ['testing.status == "pass"', true],
  ['review.blocking_count == 0', false],
  ['review.blocking_count == 2', true],
  ['review.blocking_count + 1', 3],
  ['review.findings.filter(f, f.severity == "major").map(f, f.title)', ['Wrong.']],
  ['nodes["a-b"].score > 2', true],
  ['nodes["a-b"].score == 2.5 && nodes["a-b"].count == 2.0', true],
  ['nodes["a-b"].count < 2.5', true],
  ['nodes.all(name, nodes[name] == null || "status" in nodes[name])', false],
  ['skipped == null', true],
  ['skipped == null || skipped.status == "pass"', true],
  ['has(testing.notes)', false],
  ['inputs.files.size() == 2 && "b.ts" in inputs.files', true],
  ['run.usd < 2 && run.cycles == 0', true],
  ['type(run.cycles) == int', true],
  ['{"sum": 1 + 1, "list": [1, "x", null]}', { sum: 2, list: [1, 'x', null] }],
])('%s', async (text, value) => {
  expect(await evaluate(text)).toEqual({ value });
});

test.each([
  ['testing.notes', 'No such key: notes.'],
  ['skipped.status', 'No such key: status.'],
  ['other.status', 'Unknown variable: other.'],
  ['nodes["a-b"].score + 1', 'no such overload'],
  ['inputs.files[7]', ''],
  ['1 / 0', ''],
  ['timestamp("2026-01-01T00:00:00Z")', 'nothing that JSON could hold'],
])('%s cannot be evaluated, and it says why', async (text, reason) => {
  expect(await evaluate(text)).toEqual({ error: expect.stringContaining(reason) });
});

test.each([
  'testing.constructor',
  'testing["constructor"]',
  'testing.__proto__',
  'nodes.toString',
  'constructor',
  '"x".constructor',
  'inputs.files.constructor',
  'inputs.hasOwnProperty("x")',
])('%s reaches nothing behind the values', async (text) => {
  expect(await evaluateOrRefuse(text)).toHaveProperty('error');
});

test('a key called constructor or __proto__ is data like any other', async () => {
  const hostile: Json = JSON.parse(
    '{"status": "pass", "__proto__": {"admin": true}, "constructor": "mine"}',
  );
  const of = (text: string) => evaluate(text, { nodes: new Map([['a', hostile]]) });
  expect(await of('a.constructor == "mine" && a.status == "pass"')).toEqual({ value: true });
  expect(await of('a.admin')).toHaveProperty('error');
  expect(await of('a["__proto__"].admin')).toEqual({ value: true });
});

test('what a worker claims to have counted does not count', async () => {
  const claimed: Json = { status: 'pass', summary: 'x', blocking_count: 0, findings: [major] };
  const nodes = new Map([['review', claimed]]);
  expect(await evaluate('review.blocking_count', { nodes })).toEqual({ value: 1 });
});

describe('limits', () => {
  test('a loop over ten thousand is fine', async () => {
    const inputs = { list: Array.from({ length: 10_000 }, (_, index) => index) };
    expect(await evaluate('inputs.list.map(x, x * 2).filter(x, x > 5).size()', { inputs })).toEqual(
      { value: 9_997 },
    );
  });

  test('loops inside each other that would not end are ended, whatever catches their errors', async () => {
    const inputs = { list: Array.from({ length: 10_000 }, (_, index) => index) };
    const text =
      'inputs.list.exists(x, inputs.list.exists(y, inputs.list.exists(z, x + y + z < 0)))';
    expect(await evaluate(text, { inputs })).toEqual({
      error: expect.stringContaining('not done after'),
    });
  });

  test('a regular expression that would not end is ended', async () => {
    const inputs = { text: `${'a'.repeat(40)}!` };
    expect(await evaluate('inputs.text.matches("^(a+)+$")', { inputs })).toEqual({
      error: expect.stringContaining('not done after'),
    });
  });

  test('a text of a megabyte may be read, a result of six may not', async () => {
    const inputs = { text: 'x'.repeat(1_000_000) };
    expect(await evaluate('inputs.text.size()', { inputs })).toEqual({ value: 1_000_000 });
    expect(await evaluate('[1, 2, 3, 4, 5, 6].map(n, inputs.text)', { inputs })).toEqual({
      error: expect.stringContaining('too large'),
    });
  });

  test.each([
    ['a text of more than 4 KB', `"${'x'.repeat(4_000)}" == ""`, 'at most 4000'],
    ['brackets in brackets', `${'('.repeat(100)}1${')'.repeat(100)}`, 'no CEL'],
    ['four loops', '[1].all(a, [1].all(b, [1].all(c, [1].all(d, true))))', 'more than 3 loops'],
    ['bound names', 'cel.bind(a, "xx", a + a) == ""', 'cel is not known here'],
  ])('%s is refused before it is evaluated', async (_name, text, reason) => {
    expect(await compileExpression(text)).toEqual({
      error: expect.objectContaining({ what: expect.stringContaining(reason) }),
    });
  });
});

test.each([
  ['testing.status = "pass"', 15],
  ['a == ', 5],
  ['true && (false', 14],
  ['"open', 0],
  ['inputs.x == 1 && nope(2)', 17],
])('the place of the mistake in %s is told', async (text, at) => {
  expect(await compileExpression(text)).toMatchObject({ error: { at } });
});

test('what an expression reads is known before', async () => {
  const { reads, gives } = await compiled(
    'a.b["c"].d == 1 && nodes["x-y"].status == "pass" && inputs.list.all(i, i.z > a.e[i].f) && type(b) == int',
  );
  expect(reads.map(({ root, path }) => [root, ...path].join('.'))).toEqual([
    'a.b.c.d',
    'nodes.x-y.status',
    'inputs.list',
    'a.e',
    'b',
  ]);
  expect(gives).toBe('bool');
});

test('what was seen is told', async () => {
  const { seen } = await compiled(
    'review.blocking_count == 0 && testing.notes == "" && run.usd < 1',
  );
  expect(seen(values)).toEqual([
    'review.blocking_count = 2',
    'testing.notes = missing',
    'run.usd = 1.5',
  ]);
});

describe('list sources', () => {
  test('are read when the values have said what of', async () => {
    const asked: [string, Json][] = [];
    const outcome = await evaluateList(
      'files(inputs.globs).filter(f, !(f in lines("skip.txt")))',
      (source, argument) => {
        asked.push([source, argument]);
        return Promise.resolve(source === 'files' ? ['a.ts', 'b.ts'] : ['b.ts']);
      },
    );
    expect(outcome).toEqual({ value: ['a.ts'] });
    expect(asked).toEqual([
      ['files', ['src/**', '!src/x/**']],
      ['lines', 'skip.txt'],
    ]);
  });

  test('that fail are not swallowed', async () => {
    const failing = evaluateList('files("x").exists(f, f == "y") ? [] : json("gone.json")', () =>
      Promise.reject(new Error('gone')),
    );
    await expect(failing).rejects.toThrow('gone');
  });

  test('more than twenty files are not read', async () => {
    const text = '[0, 1, 2].map(i, [0, 1, 2, 3, 4, 5, 6].map(j, lines(string(i * 10 + j))))';
    expect(await evaluateList(text, () => Promise.resolve([]))).toEqual({
      error: expect.stringContaining('more than 20'),
    });
  });

  test('are not known where no list is asked for', async () => {
    expect(await compileExpression('files("x") == []')).toHaveProperty('error');
  });
});

const major: Json = { severity: 'major', title: 'Wrong.', file: null, line: null, evidence: 'It.' };

const values: Values = {
  nodes: new Map<string, Json>([
    ['testing', { status: 'pass', summary: 'All pass.' }],
    [
      'review',
      {
        status: 'needs_repair',
        summary: 'No.',
        findings: [major, { ...major, severity: 'critical', title: 'Bad.' }],
      },
    ],
    ['a-b', { score: 2.5, count: 2 }],
    ['skipped', null],
  ]),
  inputs: { files: ['a.ts', 'b.ts'], globs: ['src/**', '!src/x/**'] },
  run: { id: 'r-1', goal: 'Do it.', cycles: 0, usd: 1.5, tokens: 1_000 },
};

async function compiled(text: string, hasSources = false): Promise<Expression> {
  const outcome = await compileExpression(text, { hasSources });
  if ('error' in outcome) throw new Error(outcome.error.what);
  return outcome.expression;
}

async function evaluate(text: string, some: Partial<Values> = {}): Promise<Evaluated> {
  return (await compiled(text)).evaluate({ ...values, ...some });
}

async function evaluateOrRefuse(text: string): Promise<unknown> {
  const outcome = await compileExpression(text);
  return 'error' in outcome ? outcome : outcome.expression.evaluate(values);
}

async function evaluateList(
  text: string,
  read: Parameters<Expression['evaluateList']>[1],
): Promise<Evaluated> {
  return (await compiled(text, true)).evaluateList(values, read);
}
