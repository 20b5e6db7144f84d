import { encode } from 'gpt-tokenizer/encoding/o200k_base';
import { expect, test } from 'vitest';
import { chooseOperations, type ServedWish } from '../../src/mcp/choose-operations.ts';
import { instructionsFor } from '../../src/mcp/instructions.ts';
import { toolOf } from '../../src/mcp/tool.ts';
import { operations } from '../../src/operations/operations.ts';

const tools = operations.map(toolOf);
const instructions = instructionsFor(tools.map(({ name }) => name));

test('the surface is what it was', () => {
  expect(tools).toMatchSnapshot();
});

test('the whole list costs a controller at most 2,500 tokens', () => {
  const seen = tools.map(({ name, description, inputSchema }) => ({
    name,
    description,
    inputSchema,
  }));
  expect(encode(JSON.stringify(seen)).length).toBeLessThanOrEqual(2_500);
});

test('there are at most 20 tools, 13 KB of them without output schemas and 20 KB with', () => {
  expect(tools.length).toBeLessThanOrEqual(20);
  const withoutOutput = tools.map(({ outputSchema: _output, ...rest }) => rest);
  expect(Buffer.byteLength(JSON.stringify(withoutOutput))).toBeLessThanOrEqual(13_000);
  expect(Buffer.byteLength(JSON.stringify(tools))).toBeLessThanOrEqual(20_000);
});

test.each(tools.map((tool) => [tool.name, tool] as const))(
  '%s says itself in 600 characters and carries no noise',
  (_name, tool) => {
    expect((tool.description ?? '').length).toBeLessThanOrEqual(600);
    const schemas = JSON.stringify([tool.inputSchema, tool.outputSchema]);
    expect(schemas).not.toContain('$schema');
    expect(schemas).not.toContain(String(Number.MAX_SAFE_INTEGER));
    expect(schemas).not.toContain('"additionalProperties":false');
  },
);

test('reading and starting are never the same tool', () => {
  const hints = Object.fromEntries(tools.map(({ name, annotations }) => [name, annotations]));
  expect(hints['poll']).toMatchObject({ readOnlyHint: true, openWorldHint: false });
  expect(hints['verify']).toMatchObject({ destructiveHint: true, openWorldHint: false });
  expect(hints['stop']).toMatchObject({ destructiveHint: true, openWorldHint: false });
  expect(hints['workflow_run']).toMatchObject({ destructiveHint: true, openWorldHint: true });
});

test('the first 250 characters of the instructions say when to use mo', () => {
  const seen = instructions.slice(0, 250);
  for (const word of ['agents', 'Claude Code', 'Codex', 'parallel', 'worktree', 'Use for']) {
    expect(seen).toContain(word);
  }
  // Codex repeats all of them with every tool it lists in code mode (0.169.0).
  expect(instructions.length).toBeLessThan(650);
});

test.each<Partial<ServedWish>>([
  { readOnly: true },
  { toolsets: ['workflow'] },
  { toolsets: ['governance'] },
  { exclude: ['run', 'land', 'poll'] },
])('the instructions of a server with %j name no tool that it has not', (wish) => {
  const all: ServedWish = { toolsets: ['core', 'workflow'], readOnly: false, exclude: [] };
  const offered = chooseOperations(operations, { ...all, ...wish }).map(({ name }) => name);
  const text = instructionsFor(offered);
  const missing = operations
    .map(({ name }) => name)
    .filter((name) => !offered.includes(name) && !['project', 'route', 'handoff'].includes(name))
    .filter((name) => new RegExp(`(?:^|[.:;,] |then |Call )${name}\\b(?! is)`, 'm').test(text));
  expect(missing).toEqual([]);
  expect(text.slice(0, 250)).toBe(instructions.slice(0, 250));
});

test('read-only, toolsets and exclude leave out what they say', () => {
  const all: ServedWish = { toolsets: ['core', 'workflow'], readOnly: false, exclude: [] };
  const names = (wish: Partial<ServedWish>): string[] =>
    chooseOperations(operations, { ...all, ...wish }).map(({ name }) => name);
  expect(names({ readOnly: true })).toEqual([
    'health',
    'route',
    'poll',
    'output',
    'usage',
    'workflow_check',
    'handoff',
    'prompts',
  ]);
  expect(names({ toolsets: ['workflow'] })).toEqual([
    'workflow_check',
    'workflow_run',
    'workflow_control',
    'handoff',
    'prompts',
  ]);
  expect(names({ exclude: ['run', 'land'] })).not.toContain('run');
});

test.each<[Partial<ServedWish>, string]>([
  [{ toolsets: [] }, 'No toolset is named. Known: core, workflow, governance'],
  [{ toolsets: ['governance'], exclude: ['project', 'project_apply'] }, 'No tool is left'],
])('a server without tools is refused: %j', (wish, message) => {
  const all: ServedWish = { toolsets: ['core'], readOnly: false, exclude: [] };
  expect(() => chooseOperations(operations, { ...all, ...wish })).toThrow(message);
});

test('a name that does not exist is refused, so that nothing slips in by a typing error', () => {
  const wish = { toolsets: ['core'], readOnly: false, exclude: ['lnad'] };
  expect(() => chooseOperations(operations, wish)).toThrow('Did you mean land?');
});
