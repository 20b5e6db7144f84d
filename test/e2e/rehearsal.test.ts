import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { final, makeRig, type Rig } from './rig.ts';

async function aRig(files: Record<string, string>): Promise<Rig> {
  const rig = await makeRig();
  onTestFinished(rig.end);
  for (const [path, text] of Object.entries(files)) await rig.write(path, text);
  await rig.git('add', '-A');
  await rig.git('commit', '-qm', 'files');
  return rig;
}

const everyKind = `
version: 1
name: everything
gates: [ "touch whole" ]
land: merge
nodes:
  wants: { role: requirements, provider: codex, task: What is wanted? }
  each:
    kind: map
    needs: [wants]
    over: wants.requirements
    node: { role: implementation, write: true, scope: { allow: [ "src/**" ] }, gates: [ "touch item" ], task: "Do \${item.id}" }
  build: { kind: command, needs: [each], write: true, scope: any, run: touch built }
  rate:
    needs: [build]
    role: review
    task: Rate it.
    output: { type: object, required: [score], properties: { score: { type: integer, minimum: 3 } } }
  enough: { kind: gate, needs: [rate, build], pass_when: ["rate.score >= 3", 'build.status == "pass"'] }
  plan: { needs: [enough], role: planner, emit: nodes, task: What is left? }
`;

test('a rehearsal walks the whole graph, runs no command, asks no agent and changes nothing', async () => {
  const rig = await aRig({ 'w.yaml': everyKind });
  const mark = join(rig.folder, 'set-up');
  await rig.write('mo.yaml', `version: 1\nworktrees: { setup: ["touch '${mark}'"] }\n`);
  expect((await rig.mo(['trust'])).exitCode).toBe(0);
  const before = await rig.git('for-each-ref', 'refs/heads');
  const run = await rig.mo(['workflow', 'run', 'w.yaml', '--mock', '--json']);
  expect(run).toMatchObject({ exitCode: 0 });
  const { run_id: runId, nodes } = final(run);
  expect(runId).toMatch(/^r-1-rehearsal-/);
  expect(nodes.filter(({ state }) => state !== 'verified')).toEqual([]);
  expect(nodes.map(({ name }) => name)).toEqual(
    expect.arrayContaining(['each-1', 'each-2', 'plan-part-1', 'plan-part-2']),
  );
  expect(await rig.git('for-each-ref', 'refs/heads')).toBe(before);
  const refs = await rig.git('for-each-ref', '--format=%(objectname)', 'refs/mo');
  const head = await rig.git('rev-parse', 'HEAD');
  expect(new Set(refs.split('\n').filter((ref) => ref !== ''))).toEqual(new Set([head]));
  expect(existsSync(mark)).toBe(false);
  const report = await rig.mo(['output', runId, '--part', 'report']);
  expect(report.stdout).toContain('Rehearsal: everything');
});

test('what a rehearsal has proved is proof of nothing else', async () => {
  const text = `
version: 1
name: one
nodes:
  look: { role: architecture, provider: scripted, task: Look. }
`;
  const rig = await aRig({ 'w.yaml': text });
  await rig.script({
    look: [{ do: 'handoff', value: { status: 'pass', summary: 'really looked' } }],
  });
  await rig.mo(['workflow', 'run', 'w.yaml', '--mock', '--json']);
  const real = final(await rig.mo(['workflow', 'run', 'w.yaml', '--json']));
  expect((await rig.mo(['output', real.run_id])).stdout).toContain('really looked');
});

test.each([
  ['do', { goal: 'a thing' }],
  ['safe-refactor', { goal: 'a thing', paths: ['src/**'] }],
  ['checkpoints', { tasks: ['one', 'two'], checks: ['false'] }],
])('recipe %s can be rehearsed where no agent is installed', async (recipe, inputs) => {
  const rig = await aRig({ 'a.txt': 'a\n' });
  const given = JSON.stringify(inputs);
  const args = ['workflow', 'run', '--recipe', recipe, '--inputs', given, '--mock', '--json'];
  const run = await rig.mo(args);
  expect(`${run.stderr}${run.stdout}`).toContain('succeeded');
  expect(run.exitCode).toBe(0);
});

test('a contract nobody can make an example for is refused with what helps', async () => {
  const text = `
version: 1
name: strict
nodes:
  rate: { role: review, task: Rate., output: { type: string, pattern: "^[A-Z]{3}-[0-9]+$" } }
`;
  const rig = await aRig({ 'w.yaml': text });
  const run = await rig.mo(['workflow', 'run', 'w.yaml', '--mock']);
  expect(run.exitCode).toBe(2);
  expect(run.stderr).toMatch(/No example can be made that fits the output of rate.*examples: \[/s);
  const helped = text.replace('type: string,', 'type: string, examples: ["ABC-1"],');
  await rig.write('w.yaml', helped);
  expect((await rig.mo(['workflow', 'run', 'w.yaml', '--mock'])).exitCode).toBe(0);
});
