import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { promptWith, runWorker, textsOf } from './worker-process.ts';

let folder = '';

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'mo-'));
});
afterEach(async () => {
  await rm(folder, { recursive: true, force: true, maxRetries: 20, retryDelay: 200 });
});

async function said(prompt: string, env: Record<string, string> = {}): Promise<string | undefined> {
  return textsOf(await runWorker({ folder, prompt, env }))[0];
}

function say(text: string): { do: 'say'; text: string } {
  return { do: 'say', text };
}

async function book(value: unknown): Promise<{ MO_SCRIPT: string }> {
  const file = join(folder, 'book.json');
  await writeFile(file, JSON.stringify(value));
  return { MO_SCRIPT: file };
}

test('without any script the worker answers that nothing was changed', async () => {
  const output = await runWorker({ folder, prompt: 'Hello.', args: ['--structured'] });
  expect(output.conclusion).toMatchObject({
    class: 'done',
    structured: { status: 'pass', summary: 'Nothing was changed.', changed_files: [] },
  });
});

test('a line in the prompt is a script of one step', async () => {
  expect(await said(`Please.\nmo-scripted: ${JSON.stringify(say('one line'))}\nThanks.`)).toBe(
    'one line',
  );
});

test('a block in the prompt may hold one script for each attempt, the last for all after', async () => {
  const prompt = promptWith([[say('first')], [say('second')]]);
  expect(await said(prompt, { MO_ATTEMPT_NO: '1' })).toBe('first');
  expect(await said(prompt, { MO_ATTEMPT_NO: '2' })).toBe('second');
  expect(await said(prompt, { MO_ATTEMPT_NO: '9' })).toBe('second');
});

test('the book names nodes, the exact name before a pattern before the star', async () => {
  const env = await book({
    '*': [say('any')],
    'fix-*': [say('a fix')],
    'fix-1-1': [say('the fix')],
    plan: [[say('plan 1')], [say('plan 2')]],
  });
  expect(await said('Go.', { ...env, MO_NODE: 'fix-1-1' })).toBe('the fix');
  expect(await said('Go.', { ...env, MO_NODE: 'fix-2-1' })).toBe('a fix');
  expect(await said('Go.', { ...env, MO_NODE: 'other' })).toBe('any');
  expect(await said('Go.', { ...env, MO_NODE: 'plan', MO_ATTEMPT_NO: '2' })).toBe('plan 2');
});

test('a block of the prompt wins over the book, and the last block over earlier ones', async () => {
  const env = await book({ '*': [say('book')] });
  const goal = promptWith({ '*': [say('goal')] });
  const task = promptWith([say('task')]);
  expect(await said(`${goal}\n${task}`, env)).toBe('task');
});

test('a block that has nothing for the node leaves it to the book', async () => {
  const env = await book({ '*': [say('book')] });
  const prompt = promptWith({ somebody: [say('block')] });
  expect(await said(prompt, { ...env, MO_NODE: 'me' })).toBe('book');
});

test('a goal may carry the book of all its nodes', async () => {
  const prompt = promptWith({ plan: [say('planning')], review: [say('reviewing')] });
  expect(await said(prompt, { MO_NODE: 'review' })).toBe('reviewing');
});

test.each([
  ['no JSON', '```mo-script\n[{"do":\n```', 'JSON'],
  ['an unknown step', promptWith([{ do: 'dance' }]), 'there is no step "dance"'],
  ['a missing field', promptWith([{ do: 'say' }]), 'step 1: say.text must be a text'],
  [
    'a field of the wrong kind',
    promptWith([{ do: 'sleep', ms: '5' }]),
    'sleep.ms must be a number',
  ],
  ['an unknown field', promptWith([{ do: 'hang', ms: 5 }]), 'hang has no field ms'],
  [
    'a wrong choice',
    promptWith([{ do: 'garbage', kind: 'x' }]),
    'must be one of truncated, binary',
  ],
  [
    'a broken step inside another',
    // oxlint-disable-next-line unicorn/no-thenable
    promptWith([{ do: 'when', exists: 'a', then: [{ do: 'hang' }, { do: 'tool' }] }]),
    'step 1: when.then step 2: tool.name must be a text',
  ],
  ['a step that every object has', promptWith([{ do: 'toString' }]), 'there is no step "toString"'],
  ['no list', promptWith({ '*': 5 }), '*: not a list of steps'],
])('%s is told with its place, and nothing is done', async (_what, prompt, message) => {
  const output = await runWorker({ folder, prompt });
  expect(output.conclusion).toMatchObject({
    class: 'invalid',
    message: expect.stringContaining(message),
    exitCode: 2,
  });
});

test('a book that is not there is named', async () => {
  const missing = join(folder, 'missing.json');
  const output = await runWorker({ folder, prompt: 'Go.', env: { MO_SCRIPT: missing } });
  expect(output.conclusion).toMatchObject({
    class: 'invalid',
    message: expect.stringContaining(missing),
  });
});

test('an unknown flag is refused', async () => {
  const output = await runWorker({ folder, prompt: 'Go.', args: ['--dance'] });
  expect(output.conclusion).toMatchObject({
    class: 'invalid',
    message: expect.stringContaining('--dance'),
  });
});
