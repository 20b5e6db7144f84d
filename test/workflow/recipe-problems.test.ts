import { expect, test } from 'vitest';
import { recipeProblems, toldByRecipe } from '../../src/workflow/recipe-problems.ts';

const recipe = [
  'version: 1',
  'name: x',
  'inputs: { parts: { type: list }, who: { type: string } }',
  'nodes:',
  '  a: { for_each: parts, provider: "${inputs.who}", write: true, scope: { allow: "${inputs.parts}" }, task: x }',
  '  b: { provider: codex, task: y }',
].join('\n');

test.each([
  ['nodes.a-2.provider', 'inputs.who', null],
  ['nodes.a-2.profile', 'inputs.who', null],
  ['nodes.a-1.scope.allow[1]', 'inputs.parts[1]', null],
  ['nodes.a-2.task', 'nodes.a-2.task', 5],
  ['nodes.b.provider', 'nodes.b.provider', 6],
  ['nodes.b.profile', 'nodes.b.profile', 6],
  ['nodes', 'nodes', 5],
])('an error at %s of what was written out is one of %s', (where, told, line) => {
  const error = { line: 1, column: 1, text: null, where, what: 'wrong.', fix: '' };
  expect(toldByRecipe(recipe, [error])).toMatchObject([{ where: told, line }]);
});

test('a sound recipe has no problems, whatever its inputs stand for', async () => {
  const text = `${recipe}\n  c: { for_each: parts, role: "\${each}", timeout: "\${inputs.who}", task: z }\n`;
  expect(await recipeProblems('x', text)).toEqual([]);
});

test.each([
  ['no YAML', 'version: 1\nnodes: [', 2],
  ['a word that is none', recipe.replace('provider: codex', 'provder: codex'), 6],
  ['a need of nobody', recipe.replace('provider: codex', 'needs: [c]'), 6],
  ['a mistake in what is repeated', recipe.replace('task: x', 'tusk: x'), 5],
])('%s is told with its line', async (_what, text, line) => {
  const [first] = await recipeProblems('x', text);
  expect(first?.line).toBe(line);
});
