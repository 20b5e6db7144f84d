import { expect, test } from 'vitest';
import { loadWorkflow } from '../../src/workflow/load.ts';

const nodes = `
  plan: { task: x, role: review }
  a-b:
    task: x
    output:
      type: object
      properties: { score: { type: number }, list: { type: array, items: { type: object, properties: { z: { type: string } } } } }
  open: { task: x, output: { type: object } }
  all: { kind: map, over: [a], node: { task: x } }
  build: { kind: command, run: make }
  late: { task: x }
`;

/** A gate over these nodes, the expression on a line of its own. */
function gateOf(text: string): string {
  return `version: 1
name: x
inputs: { files: { type: list }, goal: { type: string } }
nodes:
${nodes.trim().replace(/^/, '  ')}
  gate:
    kind: gate
    needs: [plan, a-b, open, all, build]
    pass_when:
      - ${text}
`;
}

test.each([
  'plan.status == "pass" && plan.blocking_count == 0',
  'plan.findings.all(f, f.severity != "major") && plan.findings[0].title != ""',
  'nodes["a-b"].score > 2 && nodes["a-b"].list.exists(x, x.z == "")',
  'nodes["a-b"].list[0].z == ""',
  'open.anything.at.all == 1',
  'all.failed == 0 && build.status == "pass"',
  'inputs.files.size() > 0 && run.usd < 3.5 && run.cycles == 0',
  'nodes.all(name, nodes[name] != null)',
  'plan == null || plan.summary.matches("^ok")',
])('%s is a good expression', async (text) => {
  expect(await messagesOf(gateOf(text))).toEqual([]);
});

test.each<[string, number, string]>([
  ['plan.statis == "pass"', 0, 'plan: its handoff has no field statis. Did you mean status?'],
  ['true && plan.findings.title == ""', 8, 'findings is a list'],
  ['plan.findings[0].title == "" || plan.status.x == ""', 32, 'status is no map'],
  ['nodes["a-b"].scor > 1', 0, 'Did you mean score?'],
  ['nodes["a-b"].status == "pass"', 0, 'a-b: its handoff has no field status.'],
  ['a-b.score > 1', 0, 'Write nodes["a-b"]'],
  ['all.items == 0', 0, 'Known: status, summary, total, verified, failed, skipped'],
  ['1 < 2 && late.status == "pass"', 9, 'Write needs: [plan, a-b, open, all, build, late].'],
  ['nodes["late"].status == "pass"', 0, 'late is not among the needs of gate'],
  ['pln.status == "pass"', 0, 'there is no pln here. Did you mean plan?'],
  ['gate.status == "pass"', 0, 'gate has no handoff before it has run.'],
  ['inputs.file == ""', 0, 'there is no input file. Did you mean files?'],
  ['run.money > 1', 0, 'there is no field of run called money.'],
  ['plan.summary', 0, ''],
  ['size(inputs.files)', 0, 'the expression gives a number, not true or false.'],
  ['plan.status = "pass"', 12, 'the expression is no CEL'],
  ['files("src/**") == []', 0, 'files is only there in over of a map'],
  ['cel.bind(x, 1, x == 1)', 0, 'cel is not known here'],
])('%s is refused where it stands', async (text, inside, message) => {
  const errors = await errorsOf(gateOf(text));
  if (message === '') return expect(errors).toEqual([]);
  const [error] = errors;
  expect(`${error?.what} ${error?.fix}`).toContain(message);
  expect([error?.where, error?.column]).toEqual(['nodes.gate.pass_when[0]', 9 + inside]);
  expect(text.slice(inside).startsWith(error?.text?.slice(0, 5) ?? '-')).toBe(true);
});

test.each<[string, string, string]>([
  ['retry after the gate', gate('late'), 'late does not come before the gate g.'],
  ['retry of nothing', gate('zz'), 'there is no node "zz".'],
  ['retry of itself', gate('g'), 'g does not come before the gate g.'],
  ['a map over a number', map('over: "size([1])"'), 'gives a number, not a list.'],
  ['a map over an unknown input', map('over: inputs.fles'), 'there is no input fles.'],
  [
    'an item in a command',
    map('over: [a], as: f, node: { kind: command, run: "rm ${f}" }'),
    'MO_ITEM',
  ],
  ['a map of a gate', map('over: [a], node: { kind: gate }'), 'Use one of: agent, command.'],
  ['a map without a node', map('over: [a]', ''), 'nodes.m.node is missing.'],
  ['another name in the template', map('over: [a], node: { task: "${file}" }'), 'Use ${item} or'],
  [
    'a name the scope does not know',
    map('over: [a], node: { task: x, write: true, scope: { allow: ["${x}"] } }'),
    'nodes.m.node.scope.allow[0] ${x} cannot',
  ],
  [
    'an item that leaves',
    map('over: [a], node: { task: x, write: true, scope: { allow: ["../${item}"] } }'),
    'contains ..',
  ],
  [
    'items that write anywhere',
    map('over: [a], node: { task: x, write: true }'),
    'nodes.m.node.scope a node that writes needs a scope.',
  ],
  ['items without a task', map('over: [a], node: { task: " " }'), 'an agent node needs a task.'],
  [
    'a node with the name of an item',
    `${map('over: [a]')}\n  m-7: { task: x }`,
    'an item of the map m will have this name.',
  ],
  [
    'a map with a long name',
    map('over: [a]').replace('  m:', `  ${'m'.repeat(59)}:`),
    'at most 58',
  ],
  [
    'emit by a reviewer',
    '  a: { task: x, emit: nodes, role: review }',
    'only the handoff of a planner',
  ],
  [
    'emit with a contract',
    '  a: { task: x, emit: nodes, output: { type: object } }',
    'the contract of a planner',
  ],
  ['a goal of nothing', 'goal: "${inputs.x}"\n  a: { task: x }', 'goal there is no input x.'],
  [
    'rounds of review by a planner',
    '  a: { task: x, emit: review, role: planner }',
    'only the handoff of a review has findings',
  ],
  [
    'rounds of review with a contract',
    '  a: { task: x, emit: review, output: { type: object } }',
    'the contract of a review',
  ],
  [
    'two that review in rounds',
    '  a: { task: x, emit: review }\n  b: { task: x, emit: review }',
    'a emits a review already',
  ],
  [
    'nobody for what is added',
    'emitted: { provider: nobody }\n  a: { task: x, emit: nodes }',
    'emitted.provider there is no provider "nobody".',
  ],
  [
    'when over nothing',
    '  a: { task: x, when: "b.status == \'pass\'" }\n  b: { task: x }',
    'Write needs: [b].',
  ],
  [
    'a budget above that of the run',
    'budget: { usd: 3, tokens: 1M }\n  a: { task: x, budget: { usd: 2, tokens: 2M } }',
    'one attempt may take 2000000, the whole run only 1000000.',
  ],
  [
    'defaults above the run',
    'budget: { usd: 3 }\ndefaults: { budget: { usd: 4 } }\n  a: { task: x }',
    'defaults.budget.usd one attempt',
  ],
  ['no money', '  a: { task: x, budget: { usd: 0 } }', 'a budget is above 0'],
  ['negative tokens', '  a: { task: x, budget: { tokens: -5 } }', '-5 is no count'],
  [
    'more nodes than it allows',
    'max_nodes: 1\n  a: { task: x }\n  b: { task: x }',
    'the file alone has 2 nodes.',
  ],
  ['a bad max_nodes', 'max_nodes: 20001\n  a: { task: x }', 'must be 20000 or less, not 20001.'],
  [
    'an unknown provider',
    '  a: { task: x, provider: claud }',
    'there is no provider "claud". Did you mean claude?',
  ],
  ['an unknown profile', '  a: { task: x, provider: claude, profile: fst }', 'Did you mean fast?'],
  [
    'a profile of another provider',
    'defaults: { provider: codex }\n  a: { task: x, profile: fast }',
    'there is no profile "fast". There is none. Profiles are set in mo.yaml.',
  ],
  [
    'an unknown profile in the name of a worker',
    '  a: { task: x, provider: "claude:fst" }',
    'nodes.a.provider there is no profile "fst". Did you mean fast?',
  ],
  [
    'a profile of a provider that nobody has',
    '  a: { task: x, provider: "gemini:fast" }',
    'nodes.a.provider there is no provider "gemini". Known: claude, codex.',
  ],
  [
    'two profiles',
    '  a: { task: x, provider: "claude:fast", profile: slow }',
    'nodes.a.profile "slow" is another profile than that of provider "claude:fast". Name one of them.',
  ],
  [
    'an unknown provider of items',
    map('over: [a], node: { task: x, provider: gemini }'),
    'nodes.m.node.provider there is no provider "gemini". Known: claude, codex.',
  ],
  [
    'a wrong retry count',
    gate('a').replace('retry: a', 'retry: a, max_retries: 0'),
    'must be 1 or more, not 0.',
  ],
  [
    'a judge gate',
    '  a: { task: x, gates: [{ judge: { role: review } }] }',
    'judge gates are not in this version',
  ],
])('%s is told', async (_name, body, message) => {
  const found = await messagesOf(fileOf(body));
  expect(found.join('\n')).toContain(message);
  expect(found).toHaveLength(1);
});

test('names that JavaScript knows are names like any other, and reach nothing', async () => {
  const text = fileOf(`
  constructor: { task: x }
  toString: { task: x }
  valueof: { task: x, needs: [constructor], when: 'constructor.status == "pass" && nodes["constructor"].hasOwnProperty == 1' }`);
  expect(await messagesOf(text)).toEqual([
    'nodes.toString "toString" is no valid name: a node name has 1 to 64 of the characters a-z, 0-9, - and _. Rename it.',
    expect.stringContaining('constructor: its handoff has no field hasOwnProperty.'),
  ]);
});

test('a file of a hundred expressions is read in one go', async () => {
  const many = Array.from(
    { length: 100 },
    (_, index) => `  g${index}: { kind: gate, needs: [a], pass_when: ['a.status == "x"'] }`,
  );
  expect(await messagesOf(fileOf(`  a: { task: x }\n${many.join('\n')}`))).toEqual([]);
});

function gate(retry: string): string {
  return `  a: { task: x }
  g: { kind: gate, needs: [a], pass_when: ['a.status == "pass"'], on_fail: { retry: ${retry} } }
  late: { task: x, needs: [g] }`;
}

function map(fields: string, usual = ', node: { task: x }'): string {
  return `  m: { kind: map, ${fields}${fields.includes('node:') ? '' : usual} }`;
}

/** Lines that are indented are nodes. */
function fileOf(body: string): string {
  const lines = body.split('\n');
  return [
    'version: 1',
    'name: x',
    ...lines.filter((line) => !line.startsWith(' ')),
    'nodes:',
    ...lines.filter((line) => line.startsWith(' ')),
  ].join('\n');
}

async function errorsOf(text: string) {
  const workers = new Map([
    ['claude', ['fast']],
    ['codex', []],
  ]);
  const loaded = await loadWorkflow(text, 'x.yaml', workers);
  return 'errors' in loaded ? loaded.errors : [];
}

async function messagesOf(text: string): Promise<string[]> {
  return (await errorsOf(text)).map(({ where, what, fix }) => `${where} ${what} ${fix}`);
}

test.each(['inputs', 'run', 'nodes', 'person', 'when', 'verify'])(
  'no node can be called %s, which means something else',
  async (name) => {
    const text = `version: 1\nname: x\nnodes:\n  a: { task: x }\n  ${name}: { task: x, needs: [a] }\n`;
    expect(await errorsOf(text)).toMatchObject([
      {
        line: 5,
        column: 3,
        where: `nodes.${name}`,
        what: expect.stringContaining(`no node can be called ${name}: `),
        fix: expect.stringContaining(`such as ${name}-1`),
      },
    ]);
  },
);

test.each(['landing', 'landing-a', 'asked', 'stale', 'plan', 'review', 'parked', 'verify-1'])(
  'a node may be called %s: nothing else is where it goes',
  async (name) => {
    const text = `version: 1\nname: x\nnodes:\n  ${name}: { task: x }\n`;
    expect(await errorsOf(text)).toEqual([]);
  },
);
