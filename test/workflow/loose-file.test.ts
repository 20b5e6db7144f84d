import { expect, test } from 'vitest';
import { readYaml } from '../../src/platform/yaml-text.ts';
import { looseFile, looseOf } from '../../src/workflow/loose-file.ts';
import { workflowFile } from '../../src/workflow/schema.ts';

test('a file that fits its schema is the same, read loosely or not', () => {
  const source = readYaml(`
version: 1
name: all
goal: \${inputs.goal}
inputs: { goal: { type: string }, paths: { type: list, default: [a] } }
defaults: { provider: claude, budget: { usd: 2 } }
emitted: { provider: codex, profile: fast }
budget: { usd: 10, tokens: 5M }
max_nodes: 500
nodes:
  plan: { role: planner, task: plan, emit: nodes, when: 'inputs.goal != ""' }
  work: { needs: [plan], task: do, write: true, scope: { allow: ["src/**"], max_diff_lines: 9 }, timeout: 5m }
  any: { task: do, write: true, scope: any, output: { type: object } }
  build: { kind: command, needs: [work], run: npm test, write: true, scope: { allow: [dist/**] } }
  each: { kind: map, over: inputs.paths, as: file, batch: 2, node: { task: "look at \${file}", provider: codex } }
  every: { kind: map, over: [a, b], node: { kind: command, run: 'wc "$MO_ITEM"', write: true, scope: any } }
  gate: { kind: gate, needs: [work], pass_when: ['work.status == "pass"'], on_fail: { retry: work } }
  ask: { kind: approval, needs: [gate], ask: Release? }
`);
  if ('errors' in source) throw new Error(JSON.stringify(source.errors));
  const parsed = workflowFile.parse(source.value);
  const loose = looseFile.parse(source.value);
  expect(looseOf(parsed)).toMatchObject(loose);
  expect(Object.keys(loose.nodes ?? {})).toHaveLength(8);
});
