import { readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { expect, test } from 'vitest';
import { readYaml } from '../../src/platform/yaml-text.ts';
import { loadWorkflow } from '../../src/workflow/load.ts';

const root = resolve(import.meta.dirname, '../..');
const schema: unknown = JSON.parse(readFileSync(join(root, 'schema', 'workflow.json'), 'utf8'));
const validate = new Ajv2020({ strict: true, allowUnionTypes: true }).compile(
  typeof schema === 'object' && schema !== null ? schema : {},
);

const examples = [join(root, 'README.md'), ...pagesIn(join(root, 'docs'))].flatMap((page) =>
  [...readFileSync(page, 'utf8').matchAll(/^```yaml\n([\s\S]*?)^```$/gm)]
    .map(([, text = '']) => text)
    // A recipe is written out before it is one.
    .filter((text) => /^nodes:/m.test(text) && !text.includes('for_each')),
);

test('every workflow of the docs fits the schema for editors', () => {
  expect(examples.length).toBeGreaterThan(2);
  for (const text of examples) expect(problemsOf(text)).toEqual([]);
});

test.each([
  ['kinds', 'nodes: { a: { kind: gat, pass_when: [x] } }'],
  ['keys', 'nodes: { a: { task: x, timout: 5m } }'],
  ['keys of another kind', 'nodes: { a: { kind: command, run: x, task: y } }'],
  ['names', 'nodes: { ../a: { task: x } }'],
  ['durations', 'nodes: { a: { task: x, timeout: 5x } }'],
  ['sizes', 'nodes: { a: { task: x, output_limits: { max_bytes: 5s } } }'],
  ['budgets', 'nodes: { a: { task: x, budget: { usd: 0 } } }'],
  ['roles', 'nodes: { a: { task: x, role: boss } }'],
  ['landings', 'nodes: { a: { task: x } }\nland: pull'],
  ['gates without expressions', 'nodes: { a: { kind: gate, pass_when: [] } }'],
  ['maps without a node', 'nodes: { a: { kind: map, over: x } }'],
  ['items that wait', 'nodes: { a: { kind: map, over: x, node: { task: x, needs: [b] } } }'],
])('wrong %s are refused by the schema and by mo', async (_name, body) => {
  const text = `version: 1\nname: x\n${body}\n`;
  expect(problemsOf(text)).not.toEqual([]);
  expect(await loadWorkflow(text, 'x')).toHaveProperty('errors');
});

test.each([
  'timeout: 1.5h',
  'timeout: 500ms',
  'timeout: 90',
  'timeout: 1D',
  'budget: { tokens: 1.5M }',
  'budget: { tokens: 200k, usd: 0.5 }',
  'output_limits: { max_bytes: 5 MB }',
  'output_limits: { max_bytes: 800b }',
  'retries: 0',
])('%s is good for the schema and for mo', async (field) => {
  const text = `version: 1\nname: x\nnodes: { a: { task: x, ${field} } }\n`;
  expect(problemsOf(text)).toEqual([]);
  expect(await loadWorkflow(text, 'x')).toHaveProperty('workflow');
});

test('a JSON file may name its schema', async () => {
  const text = '{"$schema": "x", "version": 1, "name": "x", "nodes": {"a": {"task": "x"}}}';
  expect(problemsOf(text)).toEqual([]);
  expect(await loadWorkflow(text, 'x')).toHaveProperty('workflow');
});

function problemsOf(text: string): unknown[] {
  const read = readYaml(text);
  if ('errors' in read) return read.errors;
  return validate(read.value) ? [] : (validate.errors ?? ['refused']);
}

function pagesIn(folder: string): string[] {
  return readdirSync(folder)
    .filter((file) => file.endsWith('.md'))
    .map((file) => join(folder, file));
}
