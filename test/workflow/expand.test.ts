import { expect, test } from 'vitest';
import { nodeSpec } from '../../src/core/node.ts';
import { expandWorkflow } from '../../src/workflow/expand.ts';
import { loadWorkflow } from '../../src/workflow/load.ts';

test('what a node does not say comes from the defaults of the file, then from mo', () => {
  const nodes = nodesOf(`
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

test('a node that names another provider does not take the model of the first', () => {
  const [node] = nodesOf(
    'defaults: { provider: claude, model: haiku, effort: low }\nnodes: { a: { task: x, provider: codex } }',
  );
  expect(node).toMatchObject({ provider: 'codex', model: null, effort: null });
});

test('a command node waits in silence as long as it may run', () => {
  const [node] = nodesOf('nodes: { a: { kind: command, run: npm run build, timeout: 1h } }');
  expect(node).toMatchObject({
    kind: 'command',
    task: 'npm run build',
    timeoutMs: 3_600_000,
    idleMs: 3_600_000,
    provider: null,
  });
});

test('every expanded node is a complete node', () => {
  for (const node of nodesOf(`
nodes:
  a: { task: x, write: true, scope: { allow: [src] }, gates: [npm test], output: { type: object } }
  b: { kind: command, run: x, write: true, scope: any }
  c: { kind: approval, ask: "Go on?", needs: [a, b] }
`)) {
    expect(nodeSpec.parse(node)).toEqual(node);
  }
});

const withInputs = `
inputs:
  goal: { type: string }
  count: { type: number, default: 3 }
  files: { type: list, default: [a.ts, b.ts] }
  note: { type: string, required: false }
nodes: { a: { task: "\${inputs.goal} \${ inputs.count }\${inputs.note}\\n\${inputs.files} $\${HOME}" } }
`;

test('inputs are put into the task, defaults where none is given', () => {
  expect(nodesOf(withInputs, { goal: 'Do it' })[0]?.task).toBe('Do it 3\na.ts\nb.ts ${HOME}');
});

test('what looks like a reference inside a value stays what it is', () => {
  const [node] = nodesOf(withInputs, { goal: '${inputs.count} $& $1', count: '7' });
  expect(node?.task).toContain('${inputs.count} $& $1 7');
});

test('inputs that are missing, unknown or of the wrong type are all named', () => {
  const loaded = load(withInputs);
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

function load(body: string) {
  const loaded = loadWorkflow(`version: 1\nname: x\n${body}`, 'x.yaml');
  if ('errors' in loaded) throw new Error(JSON.stringify(loaded.errors));
  return loaded.workflow;
}

function nodesOf(body: string, inputs: Record<string, unknown> = {}) {
  const expanded = expandWorkflow(load(body), inputs);
  if ('errors' in expanded) throw new Error(JSON.stringify(expanded.errors));
  return expanded.nodes;
}
