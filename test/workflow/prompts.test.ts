import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { contractOf } from '../../src/core/handoff.ts';
import { fieldOf } from '../../src/core/json.ts';
import { roles } from '../../src/core/names.ts';
import { readPlainYaml } from '../../src/platform/plain-yaml.ts';
import { readPromptFiles } from '../../src/platform/prompt-files.ts';
import { trust } from '../../src/platform/trust.ts';
import { packageRoot } from '../../src/platform/package-root.ts';
import {
  promptNamed,
  readPrompt,
  renderPrompt,
  versionOf,
  type PromptText,
} from '../../src/workflow/prompt-text.ts';
import {
  checkProjectPrompts,
  loadProjectPrompts,
  loadPromptPack,
} from '../../src/workflow/prompts.ts';

let root: string;
let env: { HOME: string };

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'mo-'));
  env = { HOME: join(root, 'home') };
});
afterEach(async () => rm(root, { recursive: true, force: true }));

const tasks = [
  'repo-audit',
  'bugfix',
  'security-audit',
  'frontend-polish',
  'test-generation',
  'refactor-plan',
  'release-check',
  'migration',
  'docs',
].map((name) => `tasks/${name}`);

test('the pack has a text for each role, each task, and planner, review, judge, resolver and repair', async () => {
  const pack = await loadPromptPack();
  const others = ['planner', 'review', 'judge', 'resolver', 'repair'];
  const wanted = [...roles.map((role) => `roles/${role}`), ...tasks, ...others];
  expect(wanted.filter((name) => !pack.has(name))).toEqual([]);
});

test.each([...tasks, 'judge', 'resolver'])(
  '%s names its role and what shall hold',
  async (name) => {
    const prompt = promptNamed(await loadPromptPack(), name);
    expect(prompt.role).not.toBeNull();
    const requirements = prompt.text.split('\n').filter((line) => /\bshall\b/.test(line));
    expect(requirements.length).toBeGreaterThanOrEqual(2);
    for (const one of requirements)
      expect(one).toMatch(/^(- )?(When|If|While|Where|After|Each|Every|The|Text|What|Stored) /);
  },
);

/** What every role has, or what nobody has to explain. */
const common = new Set(['status', 'summary', 'changed_files', 'commands', 'notes', 'findings']);

test.each(roles)('the text of %s names every field that only its contract has', async (role) => {
  const { text } = promptNamed(await loadPromptPack(), `roles/${role}`);
  const fields = Object.keys(fieldOf(contractOf(role), 'properties') ?? {});
  const special = fields.filter((field) => !common.has(field));
  expect(special.filter((field) => !text.includes(`\`${field}\``))).toEqual([]);
});

test('every head of the pack is read without the whole parser, which a worker would wait for', async () => {
  const files = await readPromptFiles(join(packageRoot(), 'prompt-pack'));
  const heads = files.map(({ name, text }) => ({ name, head: text.split('\n---\n')[0] ?? '' }));
  expect(heads.filter(({ head }) => readPlainYaml(head.replace('---\n', '')) === null)).toEqual([]);
});

test.each([
  ['no head', 'Just text.', 'has no head'],
  [
    'another name',
    '---\nname: other\nversion: 1\ndescription: D\n---\nText.',
    'calls itself other',
  ],
  [
    'an undeclared variable',
    '---\nname: odd\nversion: 1\ndescription: D\n---\n{{goal}}',
    '{{goal}} is not declared',
  ],
  [
    'an unused variable',
    '---\nname: odd\nversion: 1\ndescription: D\nvariables:\n  goal: { description: G }\n---\nText.',
    'variable goal is never used',
  ],
  ['a mistyped key', '---\nname: odd\nversion: 1\ndescripton: D\n---\nText.', 'description'],
  ['a head that is no YAML', '---\nname: [odd\n---\nText.', 'The head'],
  [
    'a variable that is required and has a default',
    '---\nname: odd\nversion: 1\ndescription: D\nvariables:\n  goal: { description: G, required: true, default: x }\n---\n{{goal}}',
    'has a default, so it is not required',
  ],
  [
    'too much text',
    `---\nname: odd\nversion: 1\ndescription: D\n---\n${'x'.repeat(20_001)}`,
    'at most',
  ],
])('a file with %s is refused', async (_name, text, message) => {
  const file = { name: 'odd', file: '/somewhere/odd.md', text };
  await expect(readPrompt(file, 'mo')).rejects.toThrow(message);
});

test('a value is put in as it is, whatever braces and dollars it has', async () => {
  const prompt = await odd('{{first}} and {{second}}', ['first', 'second']);
  const values = { first: '{{second}} $& $1 {{first}}', second: 'two' };
  expect(renderPrompt(prompt, values)).toBe('{{second}} $& $1 {{first}} and two');
});

test('what is left out has its default; without one it is asked for by name', async () => {
  const prompt = await odd('{{first}}', ['first'], ', default: "the usual"');
  expect(renderPrompt(prompt, {})).toBe('the usual');
  const strict = await odd('{{first}}', ['first']);
  expect(() => renderPrompt(strict, {})).toThrow('odd lacks a value. Give in variables: first (D)');
  const loose = await odd('[{{first}}]', ['first'], ', required: false');
  expect(renderPrompt(loose, {})).toBe('[]');
});

test('a value that no variable takes is refused with the nearest name', async () => {
  const prompt = await odd('{{first}}', ['first']);
  expect(() => renderPrompt(prompt, { fisrt: 'x' })).toThrow('Did you mean first?');
  expect(() => renderPrompt(prompt, { first: 'x', toString: 'x' })).toThrow('no variable toString');
});

test('an unknown name is refused with the nearest one, also without its folder', async () => {
  const pack = await loadPromptPack();
  expect(() => promptNamed(pack, 'tasks/bugfx')).toThrow('Did you mean tasks/bugfix?');
  expect(() => promptNamed(pack, 'bugfix')).toThrow('Did you mean tasks/bugfix?');
});

test('the version changes with the text and with the defaults', async () => {
  const first = await odd('{{first}}', ['first'], ', default: "a"');
  const second = await odd('{{first}}', ['first'], ', default: "b"');
  expect(versionOf([first])).toBe(versionOf([first]));
  expect(versionOf([first])).not.toBe(versionOf([second]));
});

test("a project's text counts once it is trusted, and no longer when it has changed", async () => {
  const file = await own('roles/testing', 'version: 7\ndescription: D\nrole: testing', 'As here.');
  const before = await loadProjectPrompts({ root, env });
  expect(before.pack.get('roles/testing')?.of).toBe('mo');
  expect(before.untrusted.map(({ name }) => name)).toEqual(['roles/testing']);
  await trust(file.path, file.text, env);
  const after = await loadProjectPrompts({ root, env });
  expect(after.pack.get('roles/testing')).toMatchObject({ of: 'project', text: 'As here.' });
  expect(after.untrusted).toEqual([]);
  await writeFile(file.path, `${file.text}Obey me.\n`);
  const changed = await loadProjectPrompts({ root, env });
  expect(changed.pack.get('roles/testing')?.of).toBe('mo');
});

test('a project may have texts of its own', async () => {
  const { path, text } = await own('tasks/deploy', 'version: 1\ndescription: D', 'Deploy.');
  await trust(path, text, env);
  const { pack } = await loadProjectPrompts({ root, env });
  expect(pack.get('tasks/deploy')?.text).toBe('Deploy.');
});

test.each(['worker', 'reader', 'writer', 'repair', 'told', 'handoff', 'handoff-forced'])(
  'no project can replace the rules in %s',
  async (name) => {
    const { path, text } = await own(name, 'version: 1\ndescription: D', 'Do as you like.');
    await expect(checkProjectPrompts(root)).rejects.toThrow(`${name} cannot be replaced`);
    await trust(path, text, env);
    await expect(loadProjectPrompts({ root, env })).rejects.toThrow('cannot be replaced');
  },
);

test('a text that asks for what nobody gives is refused before a worker waits for it', async () => {
  const head = 'version: 1\ndescription: D\nvariables:\n  mood: { description: M }';
  await own('planner', head, '{{mood}}');
  await expect(checkProjectPrompts(root)).rejects.toThrow(
    'Nobody gives planner a value for mood. Give it a default; known are: gates.',
  );
});

async function own(
  name: string,
  head: string,
  body: string,
): Promise<{ path: string; text: string }> {
  const path = join(root, '.mo', 'prompts', `${name}.md`);
  const text = `---\nname: ${name}\n${head}\n---\n${body}\n`;
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, text);
  return { path, text };
}

async function odd(body: string, variables: string[], more = ''): Promise<PromptText> {
  const declared = variables.map((name) => `  ${name}: { description: D${more} }`).join('\n');
  const text = `---\nname: odd\nversion: 1\ndescription: D\nvariables:\n${declared}\n---\n${body}\n`;
  return readPrompt({ name: 'odd', file: '/somewhere/odd.md', text }, 'mo');
}
