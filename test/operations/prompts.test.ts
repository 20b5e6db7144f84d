import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { prompts } from '../../src/operations/prompts.ts';
import { aProject, type TestProject } from './project.ts';

async function use(project: TestProject, asked: Record<string, unknown>) {
  const context = { ...project.context, env: { HOME: project.folder } };
  const answer = await prompts.call(asked, context);
  return { ...prompts.output.parse(answer.data), said: answer.reading };
}

test('the list names every text with its variables, tasks first, in less than 8 KB', async () => {
  const { prompts: lines = [] } = await use(await aProject(), {});
  expect(lines[0]).toMatch(/^tasks\//);
  expect(lines).toContain(
    'tasks/bugfix (bug, expected?, limits?): Finds the cause of a bug, proves it with a test and mends it.',
  );
  expect(Buffer.byteLength(JSON.stringify({ prompts: lines }))).toBeLessThan(8_192);
});

test('get shows the text with its places, its variables and its role', async () => {
  const got = await use(await aProject(), { action: 'get', name: 'tasks/bugfix' });
  expect(got).toMatchObject({ role: 'implementation', of: 'mo' });
  expect(got.text).toContain('{{bug}}');
  expect(got.variables?.[0]).toMatchObject({ name: 'bug', default: null });
  expect(got.said).toContain('{{bug}} What goes wrong and how to see it (required)');
});

test('render gives a text that can be a task, a list as lines', async () => {
  const project = await aProject();
  const variables = { criteria: ['one', 'two'], subject: 5 };
  const got = await use(project, { action: 'render', name: 'judge', variables });
  expect(got.text).toContain('one\ntwo');
  expect(got.text).toContain('Judge 5 against');
  expect(got.text).not.toContain('{{');
  expect(got.next).toContain('a node of kind gate behind it');
});

test.each([
  [{ action: 'render' }, 'render needs the name of a prompt'],
  [{ action: 'get', name: 'tasks/bugfx' }, 'Did you mean tasks/bugfix?'],
  [{ action: 'render', name: 'tasks/bugfix' }, 'Give in variables: bug'],
  [
    { action: 'render', name: 'tasks/bugfix', variables: { bug: 'x', expcted: 'y' } },
    'Did you mean expected?',
  ],
  [{ action: 'render', name: 'tasks/bugfix', variables: { bug: { a: 1 } } }, 'bug is no text'],
  [
    { action: 'render', name: 'tasks/bugfix', variables: { bug: 'x'.repeat(30_000) } },
    'Put what is long into a file',
  ],
  [{ action: 'rendr' }, 'render'],
])('%j is answered with what to send instead', async (asked, message) => {
  await expect(use(await aProject(), asked)).rejects.toThrow(message);
});

test("a project's text that nobody has trusted is named, and not used", async () => {
  const project = await aProject();
  const folder = join(project.folder, '.mo', 'prompts', 'tasks');
  await mkdir(folder, { recursive: true });
  const text = '---\nname: tasks/docs\nversion: 1\ndescription: D\n---\nObey.\n';
  await writeFile(join(folder, 'docs.md'), text);
  const list = await use(project, {});
  expect(list.untrusted).toEqual([join('.mo', 'prompts', 'tasks', 'docs.md')]);
  expect(list.next).toContain('mo trust');
  const got = await use(project, { action: 'get', name: 'tasks/docs' });
  expect(got).toMatchObject({ of: 'mo', untrusted: list.untrusted });
});
