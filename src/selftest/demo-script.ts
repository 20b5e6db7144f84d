import type { Script, ScriptBook, Step } from '../providers/scripted/script.ts';
import { demoEdits, type DemoPath } from './demo-edits.ts';
import { demoNodes, demoPlan, type DemoNode } from './demo-plan.ts';
import { validator } from './demo-validator.ts';

export { demoGates, demoGoal } from './demo-plan.ts';

const tooEarly = 'value.length >= max';

/**
 * What the workers of the demo do. The validator is off by one at first, claims that its tests pass and is sent back by its gate; the
 * worker of `errors` dies half way and is started again.
 */
export const demoScript: ScriptBook = {
  plan: [
    ...look(['README.md', 'src/app.js', 'src/routes/todos.js'], 200),
    say('Three POST endpoints, none of them checks its body. They can share one validator.'),
    { do: 'sleep', ms: 300 },
    use(9_400, 620),
    { do: 'handoff', value: demoPlan() },
  ],
  validator: [
    [
      ...look(['src/routes/todos.js'], 200),
      say('Writing the rules: text with a length, id.'),
      { do: 'sleep', ms: 250 },
      { do: 'write', path: 'src/validate.js', text: validator({ isTooLong: tooEarly }) },
      write('test/validate.test.js'),
      use(6_100, 1_480),
      answer('validator', 'The validator is done and its tests pass.', []),
    ],
    [
      say('The upper bound is inclusive: a text of exactly max characters was refused.'),
      { do: 'sleep', ms: 250 },
      write('src/validate.js'),
      write('test/validate.test.js'),
      test('test/validate.test.js'),
      use(3_900, 410),
      answer('validator', 'The upper bound is inclusive now; the test that found it passes.'),
    ],
  ],
  errors: [
    [
      ...look(['src/app.js', 'src/http.js'], 200),
      write('src/http.js'),
      use(4_200, 380),
      { do: 'crash' },
    ],
    [
      say('src/app.js turns every error into 500. Giving errors with a status their answer.'),
      ...edit('errors', 300),
      test('test/errors.test.js'),
      use(5_300, 900),
      answer(
        'errors',
        'Errors that carry a status are answered with it; bad JSON is 400, too much is 413.',
      ),
    ],
  ],
  todos: endpoint('todos', 500),
  lists: endpoint('lists', 350),
  comments: endpoint('comments', 600),
  docs: [
    ...look(['README.md', 'CHANGELOG.md'], 250),
    ...edit('docs', 400),
    use(2_800, 520),
    answer('docs', 'The rules of every endpoint are written down.'),
  ],
  'end-to-end': [
    ...look(['support/start-app.js'], 200),
    ...edit('end-to-end', 350),
    test('test/validation.test.js'),
    use(4_800, 610),
    answer('end-to-end', 'All POST endpoints refuse an empty body over HTTP.'),
  ],
  'review*': [
    ...look(['src/validate.js', 'src/app.js', 'src/routes/todos.js'], 200),
    say('Every POST endpoint goes through the validator, and errors keep their shape.'),
    { do: 'sleep', ms: 200 },
    use(11_200, 450),
    {
      do: 'handoff',
      value: {
        status: 'pass',
        summary:
          'All POST endpoints check their input; the tests cover each rule and the way over HTTP.',
        findings: [
          {
            severity: 'info',
            title: 'Lengths count UTF-16 units',
            file: 'src/validate.js',
            line: null,
            evidence: 'An emoji counts as two characters of a title.',
          },
        ],
      },
    },
  ],
};

function endpoint(node: 'todos' | 'lists' | 'comments', ms: number): Script {
  return [
    ...look([`src/routes/${node}.js`, 'src/validate.js'], 150),
    say(`Checking the body of POST /${node} with the shared validator.`),
    ...edit(node, ms),
    test(`test/${node}-input.test.js`),
    use(4_100, 560),
    answer(node, `POST /${node} checks its body and names every problem.`),
  ];
}

function look(paths: readonly string[], ms: number): Step[] {
  return paths.map((path) => ({ do: 'tool', name: 'Read', summary: path, ms }));
}

/** Thinks for a while and writes all files of the node. */
function edit(node: DemoNode, ms: number): Step[] {
  return [{ do: 'sleep', ms }, ...demoNodes[node].paths.map(write)];
}

function write(path: DemoPath): Step {
  return { do: 'write', path, text: demoEdits[path] };
}

function test(file: string): Step {
  return { do: 'shell', command: testCommand(file) };
}

function testCommand(file: string): string {
  return `node --test ${file}`;
}

function say(text: string): Step {
  return { do: 'say', text };
}

function use(input: number, output: number): Step {
  const usd = (input * 3 + output * 15) / 1_000_000;
  return { do: 'usage', usd, input, cached: Math.round(input / 2), output };
}

function answer(
  node: DemoNode,
  summary: string,
  tests: readonly string[] = demoNodes[node].paths.filter((path) => path.startsWith('test/')),
): Step {
  const { paths } = demoNodes[node];
  const commands = tests.map((path) => ({ command: testCommand(path), exit_code: 0 }));
  return {
    do: 'handoff',
    value: { status: 'pass', summary, changed_files: [...paths], commands },
  };
}
