import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { roles } from '../../src/core/names.ts';
import { handoff } from '../../src/operations/handoff.ts';
import { aNode } from '../core/build.ts';
import { aProject, aRun, type TestProject } from './project.ts';

async function use(project: TestProject, asked: Record<string, unknown>) {
  const answer = await handoff.call(asked, project.context);
  expect(Buffer.byteLength(JSON.stringify(answer.data))).toBeLessThanOrEqual(8_192);
  return { ...handoff.output.parse(answer.data), exitCode: answer.exitCode, said: answer.reading };
}

async function aHandedOver(text: string) {
  const project = await aProject();
  const run = aRun(project, [aNode('a', { role: 'review' }), aNode('b')]);
  const write = async (attempt: number, content = text) => {
    const folder = project.store.paths.attemptFolder(run.runId, 'a', attempt);
    await mkdir(folder, { recursive: true });
    await writeFile(join(folder, 'handoff.json'), content);
  };
  const read = (more: Record<string, unknown> = {}) =>
    use(project, { action: 'read', run_id: run.runId, node: 'a', ...more });
  run.owner.start('a');
  await write(1);
  return { project, run, read, write };
}

test.each(roles)('the template of %s is a contract and an example that validates', async (role) => {
  const project = await aProject();
  const { contract, example } = await use(project, { action: 'template', role });
  expect(contract).toMatchObject({ type: 'object', additionalProperties: false });
  const checked = await use(project, { action: 'validate', role, handoff: example });
  expect(checked).toMatchObject({ ok: true, errors: [], exitCode: 0 });
});

test('what does not fit is told field by field, and where to get the repair prompt', async () => {
  const project = await aProject();
  const wrong = { status: 'done', findings: [{ severity: 'major', title: 't' }] };
  const checked = await use(project, { action: 'validate', role: 'review', handoff: wrong });
  expect(checked).toMatchObject({
    ok: false,
    exitCode: 1,
    errors: [
      { field: 'status', what: '"done" is not possible here.' },
      { field: 'summary', what: 'is missing.' },
      { field: 'findings[0].evidence', what: 'is missing.' },
    ],
    next: expect.stringContaining('repair'),
  });
  expect(checked.said).toContain('findings[0].evidence is missing.');
});

test('the answer of a worker may be given as it is, with prose around the handoff', async () => {
  const project = await aProject();
  const found = { severity: 'critical', title: 't', evidence: 'e' };
  const value = JSON.stringify({ status: 'pass', summary: 's', findings: [found] });
  const said = `Done.\n\`\`\`json\n${value}\n\`\`\``;
  expect(await use(project, { action: 'validate', role: 'review', handoff: said })).toMatchObject({
    ok: true,
    status: 'needs_repair',
    blocking_count: 1,
  });
  expect(
    await use(project, { action: 'validate', role: 'review', handoff: 'I am done.' }),
  ).toMatchObject({ ok: false, errors: [{ field: '', what: expect.stringContaining('without') }] });
});

test('a file may hold it, and one that cannot be read is told of', async () => {
  const project = await aProject();
  const { root } = await project.context.project();
  const asked = { action: 'validate', role: 'review' };
  const good = '{"status": "pass", "summary": "s", "findings": []}';
  await writeFile(join(root, 'answer.md'), `Done.\n\`\`\`json\n${good}\n\`\`\``);
  await writeFile(join(root, 'image.png'), Buffer.from([0x89, 0x50, 0, 0]));
  await writeFile(join(root, 'long.json'), good.replace('s"', `${'s'.repeat(5_000_000)}"`));
  expect(await use(project, { ...asked, file: 'answer.md' })).toMatchObject({ ok: true });
  expect(await use(project, { ...asked, file: 'long.json' })).toMatchObject({
    ok: false,
    errors: [{ what: expect.stringContaining('more than 1,000,000 characters') }],
  });
  for (const [file, why] of [
    ['nowhere.json', 'there is no such file'],
    ['.', 'it is a folder'],
    ['image.png', 'it holds a NUL byte'],
  ])
    await expect(use(project, { ...asked, file })).rejects.toThrow(why);
  await expect(use(project, { ...asked, file: 'answer.md', handoff: {} })).rejects.toThrow(
    'not two',
  );
});

test('the repair prompt names the errors and carries the contract; a good handoff needs none', async () => {
  const project = await aProject();
  const asked = { action: 'repair', role: 'testing' };
  const { text } = await use(project, { ...asked, handoff: { status: 'pass' } });
  expect(text).toContain('- summary is missing.');
  expect(text).toContain('"failures"');
  const good = { status: 'pass', summary: 's' };
  expect(await use(project, { ...asked, handoff: good })).toMatchObject({ ok: true, errors: [] });
});

test('a node is held to its own contract, also one that came while the run went on', async () => {
  const project = await aProject();
  const contract = { type: 'object', properties: { n: { type: 'number' } }, required: ['n'] };
  const run = aRun(project, [aNode('plan'), aNode('own', { contract })]);
  run.record([
    {
      type: 'nodes.added',
      by: 'plan',
      nodes: [aNode('late', { role: 'security' })],
      cycle: null,
    },
  ]);
  const at = (node: string) => ({ run_id: run.runId, node });
  expect(
    await use(project, { action: 'validate', ...at('own'), handoff: { n: 'x' } }),
  ).toMatchObject({ ok: false, errors: [{ field: 'n' }] });
  expect((await use(project, { action: 'template', ...at('own') })).contract).toEqual(contract);
  expect((await use(project, { action: 'template', ...at('late') })).role).toBe('security');
});

test('hostile handoffs are errors, not failures', async () => {
  const project = await aProject();
  const check = async (value: unknown) =>
    (await use(project, { action: 'validate', role: 'review', handoff: value })).errors?.[0]?.what;
  expect(await check({ summary: 'x'.repeat(5_000_000) })).toContain('1,000,000');
  expect(await check(JSON.parse('{"__proto__":{"a":1}}'))).toContain('__proto__');
  expect(await check(JSON.parse(`${'['.repeat(9_000)}${']'.repeat(9_000)}`))).toContain('200');
  expect(await check(null)).toContain('without a handoff');
});

test('what is missing in the question is said', async () => {
  const project = await aProject();
  const asked = (input: Record<string, unknown>) => handoff.call(input, project.context);
  await expect(asked({ action: 'template' })).rejects.toThrow('Give role, or run_id and node.');
  await expect(asked({ action: 'validate', role: 'ops' })).rejects.toThrow('needs a handoff');
  await expect(asked({ action: 'read' })).rejects.toThrow('Give run_id and node.');
  await expect(asked({ action: 'read', run_id: 'r-9' })).rejects.toThrow('no run r-9');
  await expect(asked({ action: 'template', role: 'tester' })).rejects.toThrow('`role`');
});

test('the newest handoff is read, and what became of each is told', async () => {
  const { run, read, write } = await aHandedOver('{"status": "fail"}\n');
  expect(await read()).toMatchObject({ attempt: 1, stale: false, attempts: [{ attempt: 1 }] });
  run.owner.start('a', 2);
  await write(2, '{"status": "pass"}\n');
  run.owner.verify('a', 2);
  expect(await read()).toMatchObject({
    attempt: 2,
    text: '{"status": "pass"}\n',
    attempts: [
      { attempt: 2, state: 'accepted' },
      { attempt: 1, state: 'refused' },
    ],
  });
});

test('a handoff whose receipt no longer counts is stale', async () => {
  const { project, run, read } = await aHandedOver('{"status": "pass"}\n');
  const receipt = {
    node: 'a',
    attempt: 1,
    path: 'receipts/a.json',
    commit: null,
    tree: null,
    digest: 'd',
    createdAt: 1,
  };
  const returned = {
    type: 'node.returned' as const,
    node: 'a',
    attempt: 1,
    cause: 'conflict' as const,
    message: 'again',
    findings: [],
    notBefore: 0,
    counts: true,
    exclude: null,
    carry: null,
  };
  run.owner.verify('a');
  run.record([returned], { receipts: [receipt] });
  expect(project.store.receipts(run.runId)).toHaveLength(1);
  expect(await read()).toMatchObject({ stale: true, attempts: [{ attempt: 1, state: 'stale' }] });
});

test('a long handoff comes in pages that together are the handoff', async () => {
  const long = JSON.stringify({ status: 'pass', summary: 'ü "quoted" '.repeat(3_000) }, null, 2);
  const { read } = await aHandedOver(long);
  let all = '';
  let cursor = 0;
  for (;;) {
    const page = await read({ cursor });
    all += page.text;
    if (page.next === undefined) expect(page.cursor).toBeUndefined();
    if (page.next === undefined) break;
    cursor = page.cursor ?? Number.NaN;
    expect(page.next).toContain(`go on with cursor ${cursor}`);
  }
  expect(all).toBe(long);
});

test('a node without a handoff says so', async () => {
  const { project, run } = await aHandedOver('{}');
  await expect(use(project, { action: 'read', run_id: run.runId, node: 'b' })).rejects.toThrow(
    `Node b of ${run.runId} has no handoff yet (waiting).`,
  );
});
