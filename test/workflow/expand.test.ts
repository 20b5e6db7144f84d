import { expect, test } from 'vitest';
import { nodeSpec } from '../../src/core/node.ts';
import { expandWorkflow } from '../../src/workflow/expand.ts';
import { loadWorkflow } from '../../src/workflow/load.ts';

test('what a node does not say comes from the defaults of the file, then from mo', async () => {
  const nodes = await nodesOf(`
defaults: { timeout: 20m, provider: claude, model: haiku }
nodes:
  a: { task: x }
  b: { task: x, timeout: 1m, model: opus, retries: 0, budget: { tokens: 5K } }
`);
  expect(nodes[0]).toMatchObject({
    kind: 'agent',
    role: 'implementation',
    write: false,
    scope: null,
    provider: 'claude',
    model: 'haiku',
    timeoutMs: 1_200_000,
    idleMs: 300_000,
    retries: 2,
    budget: { usd: null, tokens: null },
  });
  expect(nodes[1]).toMatchObject({
    model: 'opus',
    timeoutMs: 60_000,
    retries: 0,
    budget: { usd: null, tokens: 5_000 },
  });
});

test('a node that names another provider does not take the model of the first', async () => {
  const [node] = await nodesOf(
    'defaults: { provider: claude, model: haiku, effort: low }\nnodes: { a: { task: x, provider: codex } }',
  );
  expect(node).toMatchObject({ provider: 'codex', model: null, effort: null });
});

test('a provider with its profile is both, be it in the defaults or on a node', async () => {
  const nodes = await nodesOf(`
defaults: { provider: "claude:fast", model: haiku }
nodes:
  a: { task: x }
  b: { task: x, provider: "claude:slow" }
  c: { task: x, provider: "codex:fast" }
emitted: { provider: "claude:late" }
`);
  expect(nodes).toMatchObject([
    { provider: 'claude', profile: 'fast', model: 'haiku' },
    { provider: 'claude', profile: 'slow', model: 'haiku' },
    { provider: 'codex', profile: 'fast', model: null },
  ]);
});

test('a command node waits in silence as long as it may run', async () => {
  const [node] = await nodesOf('nodes: { a: { kind: command, run: npm run build, timeout: 1h } }');
  expect(node).toMatchObject({
    kind: 'command',
    task: 'npm run build',
    timeoutMs: 3_600_000,
    idleMs: 3_600_000,
    provider: null,
  });
});

test('every expanded node is a complete node', async () => {
  for (const node of await nodesOf(`
nodes:
  a: { task: x, write: true, scope: { allow: [src] }, gates: [npm test], output: { type: object } }
  b: { kind: command, run: x, write: true, scope: any }
  c: { kind: approval, ask: "Go on?", needs: [a, b] }
`)) {
    expect(nodeSpec.parse(node)).toEqual(node);
  }
});

test('a gate, a map and what skips them are filled in', async () => {
  const nodes = await nodesOf(
    `
defaults: { timeout: 1m, model: haiku }
inputs: { dir: { type: string } }
nodes:
  a: { task: x, emit: nodes }
  g: { kind: gate, needs: [a], when: 'run.cycles > 0', pass_when: ['a.status == "pass"'], on_fail: { retry: a } }
  m:
    kind: map
    needs: [g]
    over: [one.ts, two.ts]
    node: { task: "Document \${item} of \${inputs.dir}", write: true, scope: { allow: ["\${item}"] } }
`,
    { dir: 'src, not ${item}' },
  );
  for (const node of nodes) expect(nodeSpec.parse(node)).toEqual(node);
  expect(nodes).toMatchObject([
    { name: 'a', role: 'planner', emit: 'nodes', when: null },
    {
      kind: 'gate',
      when: 'run.cycles > 0',
      passWhen: ['a.status == "pass"'],
      onFail: { retry: 'a', maxRetries: 2 },
      model: null,
    },
    {
      kind: 'map',
      map: {
        over: '["one.ts","two.ts"]',
        as: 'item',
        batch: 1,
        concurrency: 16,
        limit: null,
        sample: null,
        item: {
          kind: 'agent',
          task: 'Document ${item} of src, not $${item}',
          model: 'haiku',
          timeoutMs: 60_000,
        },
      },
    },
  ]);
});

test('the gates of the defaults are for nodes that write and name none', async () => {
  const nodes = await nodesOf(`
defaults: { gates: [npm test] }
nodes:
  a: { task: x, write: true, scope: any }
  b: { task: x, write: true, scope: any, gates: [] }
  c: { task: x }
  d: { kind: command, run: x, write: true, scope: any, gates: [{ command: make, timeout: 1m }] }
  m: { kind: map, over: [a], node: { task: x, write: true, scope: any } }
`);
  expect(nodes.map((node) => (node.map?.item ?? node).gates)).toEqual([
    [{ gate: 'command', command: 'npm test', timeoutMs: null }],
    [],
    [],
    [{ gate: 'command', command: 'make', timeoutMs: 60_000 }],
    [{ gate: 'command', command: 'npm test', timeoutMs: null }],
  ]);
});

const withInputs = `
inputs:
  goal: { type: string }
  count: { type: number, default: 3 }
  files: { type: list, default: [a.ts, b.ts] }
  note: { type: string, required: false }
nodes: { a: { task: "\${inputs.goal} \${ inputs.count }\${inputs.note}\\n\${inputs.files} $\${HOME}" } }
`;

test('inputs are put into the task, defaults where none is given', async () => {
  expect((await nodesOf(withInputs, { goal: 'Do it' }))[0]?.task).toBe(
    'Do it 3\na.ts\nb.ts ${HOME}',
  );
});

test('what looks like a reference inside a value stays what it is', async () => {
  const [node] = await nodesOf(withInputs, { goal: '${inputs.count} $& $1', count: '7' });
  expect(node?.task).toContain('${inputs.count} $& $1 7');
});

test('inputs that are missing, unknown or of the wrong type are all named', async () => {
  const loaded = await load(withInputs);
  const expanded = expandWorkflow(loaded, { cout: 4, count: 'many', files: 'a' });
  expect('errors' in expanded ? expanded.errors.map(text) : expanded).toEqual([
    'inputs.cout: the workflow has no such input. Did you mean count?',
    'inputs.goal: is missing. Give a string.',
    'inputs.count: "many" is no number. ',
    'inputs.files: "a" is no list. ',
  ]);
});

function text({ where, what, fix }: { where: string; what: string; fix: string }): string {
  return `${where}: ${what} ${fix}`;
}

async function load(body: string) {
  const loaded = await loadWorkflow(`version: 1\nname: x\n${body}`, 'x.yaml');
  if ('errors' in loaded) throw new Error(JSON.stringify(loaded.errors));
  return loaded.workflow;
}

async function nodesOf(body: string, inputs: Record<string, unknown> = {}) {
  const expanded = expandWorkflow(await load(body), inputs);
  if ('errors' in expanded) throw new Error(JSON.stringify(expanded.errors));
  return expanded.nodes;
}

test.each([
  ['goal: "Port ${inputs.parts}"', { parts: ['a', 'b'] }, 'Port a\nb'],
  ['description: Ports', { goal: 'own' }, 'own'],
  ['description: Ports', {}, 'Ports'],
  ['concurrency: 1', {}, 'x'],
])('with %s and %o the goal is %o', async (line, inputs, goal) => {
  const declared =
    'inputs: { goal: { type: string, required: false }, parts: { type: list, required: false } }';
  const file = `version: 1\nname: x\n${declared}\n${line}\nnodes: { a: { task: y } }`;
  const loaded = await loadWorkflow(file, 'x');
  if ('errors' in loaded) throw new Error(JSON.stringify(loaded.errors));
  expect(expandWorkflow(loaded.workflow, inputs)).toMatchObject({ goal });
});
