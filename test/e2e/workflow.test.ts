import { expect, onTestFinished, test } from 'vitest';
import { z } from 'zod';
import { done, final, makeRig, plan as planOf, planned, writes, type Rig } from './rig.ts';

async function aRig(): Promise<Rig> {
  const rig = await makeRig();
  onTestFinished(rig.end);
  return rig;
}

const workflow = `
version: 1
name: careful
inputs:
  goal: { type: string, required: true }
  careful: { type: boolean, default: true }
  note: { type: string, required: false }
defaults: { provider: scripted }
nodes:
  impl:
    write: true
    scope: { allow: ["src/**"] }
    task: \${inputs.goal}
  review:
    needs: [impl]
    role: review
    when: inputs.careful
    task: Review it.
  shrug:
    needs: [impl]
    role: review
    when: inputs.note != null
    task: Shrug.
  quality:
    kind: gate
    needs: [impl, review, shrug]
    pass_when: ['impl.status == "pass"', "shrug == null", "review.blocking_count == 0"]
    on_fail: { retry: impl, max_retries: 1 }
`;

const finding = {
  severity: 'critical',
  title: 'it is 1',
  file: 'src/a.js',
  line: 1,
  evidence: '1',
};
const judged = (...findings: unknown[]) => [
  {
    do: 'handoff',
    value: { status: findings.length > 0 ? 'needs_repair' : 'pass', summary: 'read', findings },
  },
];
const wrote = (text: string) => [{ do: 'write', path: 'src/a.js', text }, done];

test('a gate over inputs and findings sends its node back once, and its first evidence is history', async () => {
  const rig = await aRig();
  await rig.write('w.yaml', workflow);
  await rig.git('add', '-A');
  await rig.git('commit', '-qm', 'workflow');
  await rig.script({ impl: [wrote('1\n'), wrote('2\n')], review: [judged(finding), judged()] });
  const run = await rig.mo(['workflow', 'run', 'w.yaml', '--json', '--inputs', '{"goal":"a two"}']);
  expect(run).toMatchObject({ exitCode: 0 });
  const { run_id: runId, nodes } = final(run);
  expect(nodes.map(({ name, state, attempts }) => [name, state, attempts])).toEqual([
    ['impl', 'verified', 2],
    ['review', 'verified', 2],
    ['shrug', 'skipped', 0],
    ['quality', 'verified', 0],
  ]);
  expect(await rig.git('show', `mo/${runId}:src/a.js`)).toBe('2');
  const runFolder = `.agent-workspace/runs/${runId}`;
  const stale = await rig.mo(['verify', '--receipt', `${runFolder}/receipts/stale/impl-1.json`]);
  expect(stale.exitCode).toBe(1);
  expect(`${stale.stdout}${stale.stderr}`).toContain('stale');
  expect(await rig.read(`${runFolder}/report.md`)).toContain('to be done again');
});

const reads = (name: string) => ({ name, role: 'review', task: 'read', needs: [], write: false });

test('the plan of a file never becomes more than its max_nodes', async () => {
  const rig = await aRig();
  await rig.write(
    'w.yaml',
    'version: 1\nname: small\nmax_nodes: 2\ndefaults: { provider: scripted, retries: 0 }\nnodes:\n  plan: { role: planner, emit: nodes, task: plan it }\n',
  );
  await rig.git('add', '-A');
  await rig.git('commit', '-qm', 'workflow');
  const plan = { status: 'pass', summary: 'p', nodes: [reads('a'), reads('b')] };
  await rig.script({ plan: [{ do: 'handoff', value: plan }] });
  const run = await rig.mo(['workflow', 'run', 'w.yaml', '--json']);
  expect(run.exitCode).toBe(1);
  expect(final(run).nodes.map(({ name }) => name)).toEqual(['plan']);
  expect(run.stderr).toContain('it may have 2');
});

const mends = (name: string) => [{ do: 'write', path: `docs/${name}.md`, text: 'mended\n' }, done];

test('a map does its items at the same time and hands over how they ended', async () => {
  const rig = await aRig();
  for (const name of ['a', 'b', 'c']) await rig.write(`docs/${name}.md`, `${name}\n`);
  await rig.write(
    'w.yaml',
    `version: 1
name: many
defaults: { provider: scripted }
nodes:
  each:
    kind: map
    over: files("docs/*.md")
    as: file
    node: { write: true, scope: { allow: ["\${file}"] }, role: documentation, task: "Mend \${file}" }
  all:
    kind: gate
    needs: [each]
    pass_when: ["each.verified == 3", "each.failed == 0"]
`,
  );
  await rig.git('add', '-A');
  await rig.git('commit', '-qm', 'files');
  await rig.script({ 'each-1': mends('a'), 'each-2': mends('b'), 'each-3': mends('c') });
  const run = await rig.mo(['workflow', 'run', 'w.yaml', '--json']);
  expect(run).toMatchObject({ exitCode: 0 });
  const { run_id: runId, nodes } = final(run);
  expect(nodes.map(({ state }) => state)).toEqual(Array.from({ length: 5 }, () => 'verified'));
  expect(await rig.git('show', `mo/${runId}:docs/c.md`)).toBe('mended');
});

test('the same workflow again takes over what was proved, unless it is to be fresh', async () => {
  const rig = await aRig();
  await rig.write(
    'w.yaml',
    'version: 1\nname: twice\ndefaults: { provider: scripted }\nnodes:\n  api: { write: true, scope: { allow: ["src/**"] }, task: write it }\n  look: { needs: [api], task: look at it }\n',
  );
  await rig.git('add', '-A');
  await rig.git('commit', '-qm', 'workflow');
  await rig.script({ api: wrote('1\n') });
  const run = async (...more: string[]) => {
    const said = await rig.mo(['workflow', 'run', 'w.yaml', '--json', ...more]);
    expect(said).toMatchObject({ exitCode: 0 });
    const { run_id: runId, nodes } = final(said);
    return { said, runId, attempts: nodes.map(({ name, attempts }) => [name, attempts]) };
  };
  const executed = [
    ['api', 1],
    ['look', 1],
  ];
  const first = await run();
  expect(first.attempts).toEqual(executed);
  const second = await run();
  expect(second.attempts).toEqual([
    ['api', 0],
    ['look', 0],
  ]);
  expect(second.said.stderr).toContain('api verified: reused from r-1/api');
  const news = await rig.mo(['poll', second.runId, '--json']);
  expect(news.json).toMatchObject({
    state: 'succeeded',
    lines: ['api verified: reused from r-1/api', 'look verified: reused from r-1/look'],
  });
  expect(await rig.git('show', `mo/${second.runId}:src/a.js`)).toBe('1');
  const receipt = `.agent-workspace/runs/${second.runId}/receipts/api.json`;
  expect(await rig.mo(['verify', '--receipt', receipt])).toMatchObject({ exitCode: 0 });
  const report = await rig.read(`.agent-workspace/runs/${second.runId}/report.md`);
  expect(report).toContain('0 attempts, 2 reused');
  expect((await run('--fresh')).attempts).toEqual(executed);
});

test('a single worker and a goal are always new work', async () => {
  const rig = await aRig();
  await rig.script({ plan: planOf(planned('a', ['a.txt'])), a: writes('a.txt', 'a\n') });
  const worker = ['run', 'look at it', '--provider', 'scripted', '--json'];
  const goal = ['do', 'write a', '--yes', '--provider', 'scripted', '--land', 'branch', '--json'];
  for (const command of [worker, goal]) {
    for (let count = 0; count < 2; count += 1) {
      const said = await rig.mo(command);
      const { run_id: runId } = z.looseObject({ run_id: z.string() }).parse(said.json);
      await rig.pollUntil(runId, ({ state }) => state !== 'running');
      const events = await rig.mo(['output', runId, '--part', 'events', '--max-bytes', '30000']);
      expect(events.stdout).toContain('attempt.started');
      expect(events.stdout).not.toContain('node.reused');
    }
  }
});

test('a run of which a part is to be done again says so wherever somebody looks for proof', async () => {
  const rig = await aRig();
  await rig.write(
    'w.yaml',
    'version: 1\nname: again\ndefaults: { provider: scripted }\nnodes:\n  one: { write: true, scope: { allow: ["src/**"] }, task: write }\n  two: { needs: [one], role: review, task: read }\n',
  );
  await rig.git('add', '-A');
  await rig.git('commit', '-qm', 'workflow');
  await rig.script({ one: wrote('1\n'), two: judged() });
  expect((await rig.mo(['workflow', 'run', 'w.yaml', '--json'])).exitCode).toBe(0);
  const whole = await rig.mo(['output', '1', '--part', 'receipt']);
  expect(whole.stdout).toContain('"node": "verify"');
  expect((await rig.mo(['verify', '1'])).exitCode).toBe(0);
  await rig.write('w.yaml', 'version: 1\n');
  const retried = await rig.mo([
    'workflow',
    'control',
    '1',
    'retry',
    'two',
    '--text',
    'look again',
  ]);
  expect(retried.stdout).toContain('w.yaml was changed since the run began');
  const [verified, receipt, handoff, report] = await Promise.all([
    rig.mo(['verify', '1']),
    rig.mo(['output', '1', '--node', 'two', '--part', 'receipt']),
    rig.mo(['handoff', 'read', '--run-id', '1', '--node', 'two']),
    rig.mo(['output', '1', '--part', 'report']),
  ]);
  expect(verified.exitCode).toBe(1);
  expect(verified.stdout).toContain('r-1-again is needs_rerun: two is to be done again.');
  expect(receipt.stderr).toMatch(/that of attempt 1 is stale\. .*receipts\/stale\/two-1\.json/);
  expect(handoff.stdout).toContain('[stale: the node was to be done again after attempt 1]');
  expect(report.stdout).toContain('**Result:** needs_rerun: two is to be done again: look again');
  expect(report.stdout).toContain('`w.yaml` was changed since the run began.');
});
