import { readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { encode } from 'gpt-tokenizer/encoding/o200k_base';
import { expect, test } from 'vitest';
import { parse } from 'yaml';
import { z } from 'zod';
import { roles } from '../src/core/names.ts';
import { foldSummary, emptySummary } from '../src/core/summary.ts';
import { operations } from '../src/operations/operations.ts';
import { workflowCheck } from '../src/operations/workflow-check.ts';
import { loadPromptPack } from '../src/workflow/prompts.ts';
import { aProject } from './operations/project.ts';

const root = resolve(import.meta.dirname, '..');
const folder = join(root, 'skill', 'orchestrate');
const skill = readFileSync(join(folder, 'SKILL.md'), 'utf8');
const pages = readdirSync(folder, { recursive: true, encoding: 'utf8' })
  .filter((file) => file.endsWith('.md'))
  .map((file) => ({ file, text: readFileSync(join(folder, file), 'utf8') }));
const parts = /^---\n([\s\S]*?)\n---\n([\s\S]*)$/.exec(skill);
const head = z.record(z.string(), z.unknown()).parse(parse(parts?.[1] ?? ''));

const inputs = new Map<string, z.ZodObject>(
  operations.map(({ name, input }) => [name, input] as const),
);

test('the skill costs a controller at most 2,500 tokens', () => {
  expect(encode(skill).length).toBeLessThanOrEqual(2_500);
});

test('its head has what both hosts take, and the version of the package', () => {
  const known = ['name', 'description', 'license', 'argument-hint', 'allowed-tools', 'metadata'];
  expect(Object.keys(head).filter((key) => !known.includes(key))).toEqual([]);
  expect(head['name']).toBe('orchestrate');
  const description = z.string().parse(head['description']);
  expect(description.length).toBeLessThanOrEqual(1_024);
  expect(description).not.toMatch(/[<>]/);
  const { version } = z
    .object({ version: z.string() })
    .parse(JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')));
  expect(head['metadata']).toEqual({ version });
});

test('it allows exactly the tools that only read, under both names', () => {
  const all = operations.filter(({ kind }) => kind === 'read').map(({ name }) => name);
  const wanted = all.flatMap((name) => [`mcp__mo__${name}`, `mcp__plugin_mo_mo__${name}`]);
  const allowed = z.string().parse(head['allowed-tools']).split(', ');
  expect(allowed.toSorted()).toEqual(wanted.toSorted());
});

test.each(pages)('$file has nothing that a host would fill in', ({ text }) => {
  const outside = text.replaceAll(/^```[\s\S]*?^```$/gm, '');
  expect(outside).not.toMatch(/\$(?:ARGUMENTS|[0-9A-Za-z_{])|!`/);
});

test('every page is named by the skill, and every page it names is there', () => {
  const named = new Set(
    [...skill.matchAll(/`(references\/[\w-]+\.md)`/g)].map(([, name = '']) => name),
  );
  const there = pages.map(({ file }) => file).filter((file) => file !== 'SKILL.md');
  expect([...named].toSorted()).toEqual(there.toSorted());
});

const calls = pages.flatMap(({ file, text }) =>
  [...text.matchAll(/`([a-z_]+) (\{[^`]*\})`/g)].map(([, name = '', input = '']) => ({
    file,
    name,
    input,
  })),
);

test('there are calls to check, of every tool but the governance ones', () => {
  const named = new Set(calls.map(({ name }) => name));
  const wanted = [...inputs.keys()].filter((name) => !name.startsWith('project'));
  expect(wanted.filter((name) => !named.has(name))).toEqual([]);
});

test.each(calls)('$file: $name $input is a call that mo takes', ({ name, input }) => {
  const schema = inputs.get(name);
  if (schema === undefined) throw new Error(`there is no tool ${name}`);
  expect(schema.safeParse(parse(input)).error?.issues ?? []).toEqual([]);
});

const workflows = pages.flatMap(({ file, text }) =>
  [...text.matchAll(/^```yaml\n([\s\S]*?)^```$/gm)].map(([, workflow = '']) => ({
    file,
    workflow,
  })),
);

test.each(workflows)('$file: its workflow passes workflow_check', async ({ workflow }) => {
  const { context } = await aProject();
  const checked = await workflowCheck.run({ workflow, mode: 'dry_run', mermaid: false }, context);
  expect(checked.errors).toEqual([]);
  expect(checked.overlaps).toEqual([]);
});

test('every flag that mo raises is told, and no other', () => {
  const told = [...skill.matchAll(/^\| `(\w+)` \|/gm)].map(([, flag = '']) => flag);
  expect(told.toSorted()).toEqual(flagsRaised().toSorted());
});

test('every recipe is in the table, with inputs it has', async () => {
  const { context } = await aProject();
  const asked = { mode: 'list', mermaid: false } as const;
  const { text = '' } = await workflowCheck.run(asked, context);
  const recipes = new Map(
    text.split(/\n(?=[a-z])/).map((one) => [one.split(':')[0] ?? '', one] as const),
  );
  expect(
    [...recipes.keys()].filter(
      (name) => !skill.includes(`"${name}"`) && !skill.includes(`recipe \`${name}\``),
    ),
  ).toEqual([]);
  for (const [, name = '', given = ''] of skill.matchAll(/recipe `([\w-]+)`, inputs (.*) \|$/gm)) {
    const named = [...given.matchAll(/`(\w+)`/g)].map(([, input = '']) => input);
    expect(named.filter((input) => !recipes.get(name)?.includes(`  ${input} (`))).toEqual([]);
  }
});

test('the page of roles names every role and every text that comes with mo for controllers', async () => {
  const page = pages.find(({ file }) => file.endsWith('roles-and-contracts.md'))?.text ?? '';
  const pack = [...(await loadPromptPack()).values()];
  const texts = pack.filter(
    ({ name }) => name.startsWith('tasks/') || name === 'judge' || name === 'resolver',
  );
  const rows = page.split('\n');
  for (const { name, role } of texts) {
    const row = rows.find((line) => line.startsWith('|') && line.includes(`\`${name}\``));
    expect(row).toContain(`| \`${role ?? ''}\` |`);
  }
  expect(roles.filter((role) => !page.includes(`| \`${role}\` |`))).toEqual([]);
});

/** What the fold of a worker's events can raise, and the flag that the watch raises. */
function flagsRaised(): string[] {
  const summary = emptySummary();
  const at = 0;
  for (let times = 0; times < 5; times += 1) {
    const command = {
      tool: 'Bash',
      kind: 'shell',
      summary: 'rm -rf /',
      paths: new Array<string>(),
    } as const;
    foldSummary(summary, { type: 'tool.started', id: String(times), ...command }, at);
  }
  foldSummary(summary, { type: 'denied', tool: 'Bash', reason: 'no' }, at);
  foldSummary(summary, { type: 'compacted', before: null, after: null }, at);
  foldSummary(
    summary,
    { type: 'quota', status: 'exceeded', used: 1, window: '5h', resetsAt: null },
    at,
  );
  return [...summary.flags, 'stalled'];
}

test('the description for Codex has what its form asks for', () => {
  const text = readFileSync(join(folder, 'agents', 'openai.yaml'), 'utf8');
  const read = z
    .strictObject({
      interface: z.strictObject({
        display_name: z.string().max(40),
        short_description: z.string().max(100),
        default_prompt: z.string().max(128),
      }),
      dependencies: z.strictObject({
        tools: z.array(
          z.strictObject({
            type: z.literal('mcp'),
            value: z.literal('mo'),
            description: z.string(),
            transport: z.literal('stdio'),
          }),
        ),
      }),
      policy: z.strictObject({ allow_implicit_invocation: z.boolean() }),
    })
    .safeParse(parse(text));
  expect(read.error?.issues ?? []).toEqual([]);
});
