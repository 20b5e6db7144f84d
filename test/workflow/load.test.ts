import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { WorkflowError } from '../../src/core/problem.ts';
import { loadWorkflow } from '../../src/workflow/load.ts';

test('a workflow with everything in it is read, amounts as numbers', async () => {
  const loaded = await loadWorkflow(full, 'full.yaml');
  expect(loaded).toMatchObject({
    workflow: {
      name: 'safe-refactor',
      defaults: { timeout: 900_000, idle_timeout: 300_000, budget: { usd: 2, tokens: null } },
      budget: { usd: 10, tokens: 5_000_000 },
      nodes: { implementation: { output_limits: { max_bytes: 20_000 } } },
    },
  });
});

test('JSON is a workflow too', async () => {
  const text = JSON.stringify({ version: 1, name: 'x', nodes: { a: { task: 'Do it.' } } });
  expect('workflow' in (await loadWorkflow(text, 'x.json'))).toBe(true);
});

test('every mistake is told at once, each where it stands', async () => {
  const text = `version: 1
name: bad
nodes:
  a:
    task: x
    needs: [b, zz]
    timout: 5m
  b:
    task: \${goal}
    needs: [a]
    write: true
    retries: many
  c:
    kind: gate
  a:
    task: y
land: pull
`;
  expect((await errorsOf(text)).map(place)).toEqual([
    '6:13 nodes.a.needs[0]',
    '6:16 nodes.a.needs[1]',
    '7:5 nodes.a.timout',
    '9:5 nodes.b.scope',
    '9:11 nodes.b.task',
    '12:14 nodes.b.retries',
    '14:5 nodes.c.pass_when',
    '15:3 nodes.a',
    '17:7 land',
  ]);
});

test.each([
  ['a mistyped key', 'concurency: 3', 'is no known key. Did you mean concurrency?'],
  ['a mistyped role', 'nodes: { a: { task: x, role: tesing } }', 'Did you mean testing?'],
  ['a key of another kind', 'nodes: { a: { kind: command, run: x, ask: y } }', 'is no known key.'],
  ['a wrong duration', 'nodes: { a: { task: x, timeout: 5x } }', '"5x" is no duration'],
  ['a duration of nothing', 'nodes: { a: { task: x, timeout: 0s } }', '"0s" is no duration'],
  ['a kind there is not', 'nodes: { a: { kind: mpa, over: x } }', 'Did you mean map?'],
  ['a judge gate', 'nodes: { a: { task: x, gates: [{ judge: {} }] } }', 'judge gates are not in'],
  ['a need that is no list', 'nodes: { a: { task: x, needs: b } }', 'Write ["b"].'],
  ['a name with a path', 'nodes: { ../a: { task: x } }', 'a node name has 1 to 64'],
  ['no nodes', 'nodes: {}', 'there is no node to run.'],
  ['an empty task', 'nodes: { a: { task: "" } }', 'an agent node needs a task.'],
  ['a scope without write', 'nodes: { a: { task: x, scope: any } }', 'Add write: true'],
  ['a scope that leaves', 'nodes: { a: { task: x, write: true, scope: { allow: [../b] } } }', '..'],
  ['an input in a command', 'nodes: { a: { kind: command, run: "rm ${inputs.x}" } }', 'shell text'],
  ['an unknown input', 'nodes: { a: { task: "${inputs.x}" } }', 'there is no input x.'],
  ['an open reference', 'nodes: { a: { task: "${inputs.x" } }', 'a ${ is not closed.'],
  ['a wrong default', 'inputs: { n: { type: number, default: x } }', '"x" is no number.'],
  ['a broken contract', 'nodes: { a: { task: x, output: { type: odd } } }', 'JSON Schema'],
  ['a newer version', 'version: 2', 'Write 1.'],
])('the message says what to do about %s', async (_name, line, message) => {
  const key = line.split(':')[0] ?? '';
  const lines = ['version: 1', 'name: x', 'nodes: { a: { task: x } }'];
  const text = [...lines.filter((one) => !one.startsWith(`${key}:`)), line].join('\n');
  const errors = (await errorsOf(text)).map((error) => `${error.what} ${error.fix}`);
  expect(errors.join('\n')).toContain(message);
});

test('plain shell variables in a command are left to the shell', async () => {
  const text = 'version: 1\nname: x\nnodes: { a: { kind: command, run: "echo ${HOME}" } }';
  expect('workflow' in (await loadWorkflow(text, 'x'))).toBe(true);
});

describe('hostile text', () => {
  const ok = 'version: 1\nname: x\nnodes:\n  a: { task: x }\n';

  test.each([
    ['an alias', `${ok}description: &x y\nname2: *x\n`, 'anchors and aliases'],
    ['an anchor', `${ok}description: &x y\n`, 'anchors and aliases'],
    ['a billion laughs', bomb(), 'anchors and aliases'],
    ['a merge key', `${ok}  b: &b { task: x }\n  c: { <<: *b }\n`, 'anchors and aliases'],
    ['a custom tag', `${ok}description: !!js/function "x"\n`, 'tag'],
    ['two documents', `${ok}---\n${ok}`, 'document'],
    ['a prototype key', `${ok}__proto__: { a: 1 }\n`, '__proto__ cannot be a key'],
    ['a prototype node', `${ok}  __proto__: { task: x }\n`, '__proto__ cannot be a key'],
    ['a key twice', `${ok}name: y\n`, 'this key is there twice'],
    ['a key that is a list', `${ok}? [a]\n: b\n`, 'a key must be a plain text'],
    ['deep brackets', '['.repeat(500_000), 'nested too deeply'],
    ['deep braces', '{a: '.repeat(200_000), 'nested too deeply'],
    ['deep dashes', '- '.repeat(20_000), ''],
    ['too much', `${ok}# ${'x'.repeat(1_000_001)}`, 'more than 1000000 bytes'],
    ['nothing', '', 'is empty'],
    ['a list', '[1]', 'must be a mapping'],
    ['a text', 'hello', 'must be a mapping'],
    ['a tab', '\tversion: 1', 'a tab is no indentation'],
    ['two documents, in plain words', `${ok}---\n${ok}`, 'more than one document'],
    ['broken quotes', 'version: "1', ''],
  ])('%s is refused with a reason', async (_name, text, reason) => {
    const errors = await errorsOf(text);
    expect(errors.map((error) => error.what).join('\n')).toContain(reason);
    expect(errors.length).toBeGreaterThan(0);
  });

  test.each([
    [
      'deep brackets',
      `a:\n  ${'['.repeat(200)}`,
      '2:103 the text is nested too deeply to be read.',
    ],
    [
      'a bracket that is not closed',
      '{"version": 1, "nodes": {',
      '1:26 Flow map must end with a }.',
    ],
    [
      'a comment of JSON',
      '{ "name": "a // b",\n  // c\n  "version": 2 }',
      '2:3 JSON has no comments.',
    ],
    ['one in front', '/* c */ { "version": 2 }', '1:1 JSON has no comments.'],
  ])('%s is one error, where it is', async (_name, text, said) => {
    const errors = await errorsOf(text);
    expect(errors.map(({ line, column, what }) => `${line}:${column} ${what}`)).toEqual([said]);
  });

  test('slashes in texts and addresses are no comments', async () => {
    const text = '{ version: 1, name: x, nodes: { a: { task: "a // b", rol: http://x } } }';
    expect((await errorsOf(text)).map(({ where }) => where)).toEqual(['nodes.a.rol']);
  });

  test('inherited names are nodes and inputs like any other', async () => {
    const text = 'version: 1\nname: x\nnodes: { constructor: { task: "x", needs: [tostring] } }';
    expect((await errorsOf(text)).map((error) => error.what)).toEqual([
      'there is no node "tostring".',
    ]);
  });

  test('no text makes the loader throw, and every refusal has a reason', async () => {
    const pieces = fc.constantFrom(...yamlPieces);
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.oneof(pieces, fc.string()), { maxLength: 40 }),
        async (parts) => {
          const loaded = await loadWorkflow(parts.join(''), 'x');
          expect('workflow' in loaded || loaded.errors.every(({ what }) => what !== '')).toBe(true);
        },
      ),
      { numRuns: 500 },
    );
  });

  test('every place that is named lies in the text', async () => {
    const value = fc.letrec((tie) => ({
      any: fc.oneof(
        { depthSize: 'small' },
        fc.constantFrom<unknown>(1, 'x', true, null, 'any', '15m', 'agent', 'command'),
        fc.array(tie('any'), { maxLength: 3 }),
        fc.dictionary(
          fc.constantFrom('version', 'nodes', 'a', 'task', 'needs', 'scope', 'allow', 'kind', 'zz'),
          tie('any'),
        ),
      ),
    })).any;
    await fc.assert(
      fc.asyncProperty(value, async (file) => {
        const text = JSON.stringify(file, null, 2) ?? '';
        const lines = text.split('\n');
        for (const { line, column } of await errorsOf(text)) {
          if (line === null) continue;
          expect((lines[line - 1] ?? '').length).toBeGreaterThanOrEqual((column ?? 0) - 1);
        }
      }),
    );
  });
});

const yamlPieces = [
  'version: 1',
  'name: x',
  'nodes:',
  '  a:',
  '    task: x',
  '    needs: [a]',
  '${inputs.x}',
  '- ',
  '{',
  '}',
  '[',
  ']',
  ': ',
  '"',
  "'",
  '\n',
  '  ',
  '&a',
  '*a',
  '!x',
  '|',
  '>',
  '#',
  '?',
];

const full = `version: 1
name: safe-refactor
description: Analyse and implement.
inputs:
  goal: { type: string, required: true }
defaults: { timeout: 15m, idle_timeout: 5m, retries: 2, budget: { usd: 2 } }
budget: { usd: 10, tokens: 5M }
concurrency: 4
land: branch
nodes:
  requirements:
    role: requirements
    task: Clarify the scope of \${inputs.goal}
  implementation:
    needs: [requirements]
    role: implementation
    write: true
    scope: { allow: ["src/**", "test/**"], deny: [".env*"], max_diff_lines: 800 }
    task: Apply the change.
    gates: [npm test, { command: npm run lint, timeout: 2m }]
    output_limits: { max_bytes: 20KB }
  build: { kind: command, run: npm run build, needs: [implementation] }
  accept: { kind: approval, needs: [build], ask: "Release?" }
`;

async function errorsOf(text: string): Promise<WorkflowError[]> {
  const loaded = await loadWorkflow(text, 'test.yaml');
  return 'errors' in loaded ? loaded.errors : [];
}

function place({ line, column, where }: WorkflowError): string {
  return `${line}:${column} ${where}`;
}

function bomb(): string {
  const lines = ['a0: &a0 [x, x]'];
  for (let at = 1; at < 30; at += 1) lines.push(`a${at}: &a${at} [*a${at - 1}, *a${at - 1}]`);
  return lines.join('\n');
}
