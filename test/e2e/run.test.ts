import { appendFile, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { done, final, makeRig, type Rig } from './rig.ts';

/** A project whose own gate wants `ok` in a.txt, and counts how often it was asked. */
async function aGuardedProject(): Promise<{ rig: Rig; asked: () => Promise<number> }> {
  const rig = await makeRig();
  onTestFinished(rig.end);
  const counter = join(rig.folder, 'asked');
  await appendFile(counter, '');
  await rig.write('mo.yaml', `version: 1\ngates: { commands: ["sh check.sh"] }\n`);
  await rig.write('check.sh', `echo >> '${counter}'; grep -q ok a.txt\n`);
  await rig.git('add', '-A');
  await rig.git('commit', '-qm', 'guarded');
  return { rig, asked: async () => (await readFile(counter, 'utf8')).length };
}

const wrote = (text: string) => [{ do: 'write', path: 'a.txt', text }, done];
const start = ['run', 'Write a.txt', '--provider', 'scripted', '--write', '--json'];

test("a worker is sent back by the project's own gates, which then are not run on the same tree again", async () => {
  const { rig, asked } = await aGuardedProject();
  await rig.mo(['trust']);
  await rig.script({ '*': [wrote('bad\n'), wrote('ok\n')] });
  const run = await rig.mo([...start, '--scope-allow', 'a.txt']);
  expect(run).toMatchObject({ exitCode: 0 });
  const { run_id: runId, nodes } = final(run);
  expect(nodes).toMatchObject([{ state: 'verified', attempts: 2 }]);
  expect(await asked()).toBe(2);
  const receipt = (await rig.mo(['output', runId, '--part', 'receipt'])).stdout;
  expect(receipt).toContain('sh check.sh');
  expect((await rig.mo(['verify', runId])).stdout).toMatch(/✓ sh check.sh/);
  expect(await asked()).toBe(3);
});

test("work that does not pass the project's own gates neither counts nor lands", async () => {
  const { rig } = await aGuardedProject();
  await rig.mo(['trust']);
  await rig.script({ '*': wrote('bad\n') });
  const run = await rig.mo(start);
  expect(run).toMatchObject({ exitCode: 1 });
  const land = await rig.mo(['land', final(run).run_id, '--how', 'merge', '--confirm']);
  expect(land.exitCode).not.toBe(0);
  expect(await rig.git('show', 'HEAD', '--stat')).not.toContain('a.txt');
});

test('what the target has got meanwhile is gated together with the work of a single worker', async () => {
  const { rig } = await aGuardedProject();
  await rig.mo(['trust']);
  await rig.script({ '*': wrote('ok\n') });
  const { run_id: runId } = final(await rig.mo(start));
  await rig.write('check.sh', 'exit 1\n');
  await rig.git('commit', '-qam', 'nothing passes any more');
  const land = await rig.mo(['land', runId, '--how', 'merge', '--confirm', '--json']);
  expect(land).toMatchObject({ exitCode: 1, json: { landed: false } });
  expect(land.stdout).toContain('sh check.sh');
});

test("a folder is verified by the project's own gates, and not verified where nobody has trusted them", async () => {
  const { rig, asked } = await aGuardedProject();
  const before = await rig.mo(['verify', '--folder', '.', '--json']);
  expect(before).toMatchObject({ exitCode: 1, json: { pass: false } });
  expect(before.stdout).toMatch(/mo\.yaml names commands that nobody has trusted.*sh check\.sh/);
  expect(await asked()).toBe(0);
  await rig.mo(['trust']);
  await rig.write('a.txt', 'ok\n');
  expect((await rig.mo(['verify', '--folder', '.'])).stdout).toMatch(/✓ sh check\.sh/);
  expect(await asked()).toBe(1);
});

test('landing answers with the receipt of what was gated, and a branch that is not there is wrong use', async () => {
  const { rig } = await aGuardedProject();
  await rig.mo(['trust']);
  await rig.script({ '*': wrote('ok\n') });
  const { run_id: runId } = final(await rig.mo(start));
  const merge = ['land', runId, '--how', 'merge', '--confirm', '--json'];
  const nowhere = await rig.mo([...merge, '--target', 'nowhere']);
  expect(nowhere.exitCode).toBe(2);
  expect(nowhere.stderr).toContain('There is no branch "nowhere"');
  const receipt = `.agent-workspace/runs/${runId}/receipt.json`;
  expect(await rig.mo(merge)).toMatchObject({ exitCode: 0, json: { landed: true, receipt } });
  expect((await rig.mo(['verify', '--receipt', receipt])).exitCode).toBe(0);
});

test('a verified part of a run that failed is not said to be ready to land', async () => {
  const { rig } = await aGuardedProject();
  const workflow = `version: 1
name: half
gates: ["true"]
nodes:
  good: { write: true, scope: any, provider: scripted, task: Do it. }
  bad: { needs: [good], write: true, scope: any, provider: scripted, retries: 0, task: Fail. }
`;
  await rig.write('half.yaml', workflow);
  await rig.mo(['trust']);
  await rig.script({ good: wrote('ok\n'), bad: [{ do: 'exit', code: 1 }] });
  const run = await rig.mo(['workflow', 'run', 'half.yaml', '--json']);
  expect(run.exitCode).toBe(1);
  const verified = await rig.mo(['verify', final(run).run_id, '--json']);
  expect(verified.json).toMatchObject({ pass: true });
  expect(verified.json).not.toHaveProperty('next');
});

test('what a run cannot heed is refused, not left out', async () => {
  const { rig } = await aGuardedProject();
  await rig.script({ '*': [done] });
  const look = ['run', 'Look', '--provider', 'scripted', '--client-key', 'k', '--json'];
  const { run_id: runId } = final(await rig.mo(look));
  const again = final(await rig.mo(look));
  expect(again.run_id).toBe(runId);
  const cases: [string[], RegExp][] = [
    [
      ['run', 'Else', '--client-key', 'k'],
      /client_key k belongs to r-1-look.*asked something else/,
    ],
    [['run', 'Look', '--scope-allow', 'a'], /without write nothing may be/],
    [
      ['run', 'On', '--resume', `${runId}/implementation`, '--provider', 'codex'],
      /is a session of scripted, and nobody else can go on with it/,
    ],
  ];
  for (const [args, says] of cases) {
    const said = await rig.mo([
      ...args,
      ...(args.includes('codex') ? [] : ['--provider', 'scripted']),
    ]);
    expect(said.stderr).toMatch(says);
    expect(said.exitCode).toBe(2);
  }
});
