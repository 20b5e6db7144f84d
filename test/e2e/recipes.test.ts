import { afterEach, beforeEach, expect, test } from 'vitest';
import { done, final, makeRig, review, writes, type Rig, type Said } from './rig.ts';

let rig: Rig;
beforeEach(async () => {
  rig = await makeRig();
});
afterEach(() => rig.end());

const provider = 'scripted';

function says(value: Record<string, unknown>) {
  return [{ do: 'handoff', value: { status: 'pass', summary: 'looked', ...value } }];
}

function runs(recipe: string, inputs: Record<string, unknown>): Promise<Said> {
  const given = JSON.stringify({ provider, ...inputs });
  return rig.mo(['workflow', 'run', '--recipe', recipe, '--inputs', given, '--json']);
}

test('team: each role looks for itself, and the supervisor gets all they say', async () => {
  await rig.script({
    'look-1': says({ points: [{ says: 'a hole', evidence: 'seen' }], questions: [] }),
    'look-2': says({ points: [], questions: [] }),
    collect: says({ agreements: ['it is small'], conflicts: [], questions: ['who pays?'] }),
  });
  const inputs = {
    task: 'Look at ${this} closely',
    roles: ['security', 'testing'],
    supervisor: provider,
  };
  const said = await runs('team', inputs);
  expect(said.exitCode).toBe(0);
  const { run_id: run, handoffs } = final(said);
  expect(handoffs).toMatchObject({ collect: { agreements: ['it is small'] } });
  const result = await rig.mo(['output', run]);
  expect(result.stdout).toContain(
    '## Agreements\n\n- it is small\n\n## Conflicts: none\n\n## Questions\n\n- who pays?',
  );
  const structured = await rig.mo(['output', run, '--json']);
  expect(structured.json).toMatchObject({ handoffs });
  const prompt = await rig.read(`.agent-workspace/runs/${run}/nodes/look-2/1/prompt.md`);
  expect(prompt).toContain('Look at ${this} closely');
  expect(prompt).toContain('Your role: testing');
  const collected = await rig.read(`.agent-workspace/runs/${run}/nodes/collect/1/prompt.md`);
  expect(collected).toContain('a hole');
  expect(collected).toContain('look-1');
  expect(collected).toContain('look-2');
});

test('team: whoever waits in a terminal reads the result at the end, and how to read it again', async () => {
  await rig.script({
    'look-1': says({ points: [], questions: [] }),
    collect: says({ agreements: ['it is small'], conflicts: [], questions: [] }),
  });
  const inputs = JSON.stringify({
    task: 'Look',
    roles: ['security'],
    provider,
    supervisor: provider,
  });
  const given = ['--inputs', inputs];
  const said = await rig.mo(['workflow', 'run', '--recipe', 'team', ...given]);
  expect(said.stdout).toBe(
    'pass: looked\n\n## Agreements\n\n- it is small\n\n## Conflicts: none\n\n## Questions: none',
  );
  expect(said.stderr).toContain('roles 1 of 1 done');
  expect(said.stderr).toMatch(/result {2}mo output r-1/);
});

test('safe-refactor: a finding of the review sends the implementation back, then it lands on a branch', async () => {
  await rig.script({
    requirements: says({}),
    implementation: [writes('src/a.js', 'wrong\n'), writes('src/a.js', 'right\n')],
    testing: says({}),
    review: [review({ title: 'it is wrong' }), review()],
  });
  const said = await runs('safe-refactor', { goal: 'mend a', checks: ['test -f src/a.js'] });
  expect(said.exitCode).toBe(0);
  const result = final(said);
  expect(result.nodes.find(({ name }) => name === 'implementation')).toMatchObject({ attempts: 2 });
  expect(await rig.git('show', `${String(result.branch)}:src/a.js`)).toBe('right');
});

test('cross-review: each reviewer looks for itself, then one weighs what they found', async () => {
  const finding = { title: 'leak', severity: 'major', file: null, line: null, evidence: 'seen' };
  await rig.script({
    work: writes('a.txt', 'a\n'),
    'review-1': says({ points: [{ ...finding, title: 'a leak at the door' }] }),
    'review-2': says({ points: [] }),
    weigh: says({ confirmed: [{ ...finding, by: [provider] }], disputed: [], dropped: [] }),
  });
  const work = { task: 'Write', write: true, scope: 'any', provider };
  const workflow = JSON.stringify({ version: 1, name: 'work', nodes: { work } });
  const first = final(await rig.mo(['workflow', 'run', '--workflow', workflow, '--json']));
  const base = await rig.git('rev-parse', 'main');
  const head = await rig.git('rev-parse', String(first.branch));
  const inputs = {
    change: [first.run_id, 'main..HEAD'],
    reviewers: [provider, provider],
    judge: provider,
  };
  const given = ['--inputs', JSON.stringify(inputs), '--json'];
  const said = await rig.mo(['workflow', 'run', '--recipe', 'cross-review', ...given]);
  expect(said.exitCode).toBe(0);
  const { run_id: run } = final(said);
  const { stdout } = await rig.mo(['output', run]);
  expect(stdout).toContain('## Confirmed\n\n- major: leak\n  - evidence: seen\n  - by: scripted');
  expect(stdout).toContain('## Disputed: none');
  const prompt = await rig.read(`.agent-workspace/runs/${run}/nodes/weigh/1/prompt.md`);
  expect(prompt).toContain('a leak at the door');
  expect(prompt).toContain(`${base}..${head}\nmain..HEAD`);
});

test('checkpoints: a task begins when the one before has passed; what is not enough is done again', async () => {
  const steps = (n: number) => ({
    [`skeleton-${n}`]: writes(`s${n}.txt`, 's\n'),
    [`implementation-${n}`]: writes(`i${n}.txt`, 'i\n'),
    [`tests-${n}`]: writes(`t${n}.txt`, 't\n'),
    [`polish-${n}`]: writes('sum.txt', `${n}\n`),
    [`look-${n}`]: says({}),
  });
  await rig.script({
    ...steps(1),
    ...steps(2),
    'skeleton-2': [
      { do: 'shell', command: 'test -f i1.txt && test -f t1.txt && cat sum.txt > s2.txt' },
      done,
    ],
    'implementation-1': [writes('i1.txt', 'one\n'), writes('i1.txt', 'two\n')],
    'tests-1': [writes('t1.txt', 'one\n'), writes('t1.txt', 'two\n')],
    'polish-1': [writes('p1.txt', 'no sum\n'), writes('sum.txt', '1\n'), writes('sum.txt', '1b\n')],
    'look-1': [says({ status: 'fail', failures: [] }), says({})],
  });
  const said = await runs('checkpoints', {
    tasks: ['first', 'second'],
    checks: ['test -f sum.txt'],
  });
  expect(said.exitCode).toBe(0);
  const result = final(said);
  const attempts = Object.fromEntries(result.nodes.map((node) => [node.name, node.attempts]));
  expect(attempts).toMatchObject({
    'skeleton-1': 1,
    'implementation-1': 2,
    'polish-1': 3,
    'skeleton-2': 1,
    'look-2': 1,
  });
  expect(await rig.git('show', `${String(result.branch)}:s2.txt`)).toBe('1b');
});

test("a project's own recipe takes the place of one of mo, and its commands wait for trust", async () => {
  const own = '.mo/recipes/team.yaml';
  const ours = [
    'version: 1',
    'name: team',
    'description: Ours',
    'nodes:',
    '  greet: { kind: command, run: echo hello }',
  ].join('\n');
  await rig.write(own, ours);
  const list = await rig.mo(['workflow', 'check', '--mode', 'list']);
  expect(list.stdout).toContain('team: Ours [of this project]');
  expect(list.stdout).toContain('not trusted yet: echo hello');
  const refused = await rig.mo(['workflow', 'run', '--recipe', 'team']);
  expect(refused.stderr).toContain('mo trust');
  expect(refused.exitCode).not.toBe(0);
  expect((await rig.mo(['trust'])).stdout).toContain('echo hello');
  expect((await rig.mo(['workflow', 'run', '--recipe', 'team', '--json'])).exitCode).toBe(0);
  await rig.write(own, ours.replace('hello', 'goodbye'));
  const again = await rig.mo(['workflow', 'run', '--recipe', 'team']);
  expect(again.stderr).toContain('echo goodbye');
});

test('a broken file of the project is told with its line, and hides neither the others nor their names', async () => {
  await rig.write('.mo/recipes/port.yaml', 'version: 1\nname: port\nnodes:\n  a: { tusk: x }\n');
  const list = await rig.mo(['workflow', 'check', '--mode', 'list']);
  expect(list.exitCode).toBe(0);
  expect(list.stdout).toContain('  broken: .mo/recipes/port.yaml:4:6: nodes.a.task: is missing.');
  expect(list.stdout).toContain('team: Several roles');
  const meant = await rig.mo(['workflow', 'run', '--recipe', 'prot']);
  expect(meant.stderr).toContain('Did you mean port?');
});

test('a recipe may be a .yml; one name in two files is told, and neither is started', async () => {
  const recipe = 'version: 1\nname: port\nnodes: { a: { kind: command, run: echo yml } }\n';
  await rig.write('.mo/recipes/port.yml', recipe);
  expect((await rig.mo(['trust'])).stdout).toContain('echo yml');
  expect((await rig.mo(['workflow', 'run', '--recipe', 'port', '--json'])).exitCode).toBe(0);
  await rig.write('.mo/recipes/port.yaml', recipe.replace('yml', 'yaml'));
  const clash = 'is in two files: .mo/recipes/port.yaml and .mo/recipes/port.yml. Keep one of them';
  const list = await rig.mo(['workflow', 'check', '--mode', 'list']);
  expect(list.stdout).toContain(`  broken: ${clash}`);
  for (const args of [['run'], ['check']]) {
    const said = await rig.mo(['workflow', ...args, '--recipe', 'port']);
    expect(said.stderr).toContain(`Recipe port ${clash}`);
    expect(said.exitCode).toBe(2);
  }
});

test("a project's own do is what mo do starts", async () => {
  const own = [
    'version: 1',
    'name: do',
    'inputs: { goal: { type: string }, confirm: { type: string, default: "yes" }, provider: { type: string } }',
    'confirm: ${inputs.confirm}',
    'defaults: { provider: "${inputs.provider}" }',
    'nodes: { only: { task: "Reach this: ${inputs.goal}", write: true, scope: any } }',
  ];
  await rig.write('.mo/recipes/do.yaml', own.join('\n'));
  await rig.git('add', '-A');
  await rig.git('commit', '-qm', 'own');
  await rig.script({ only: writes('a.txt', 'a\n') });
  const said = await rig.mo(['do', 'one', 'file', '--provider', provider, '--yes', '--json']);
  expect(final(said)).toMatchObject({ state: 'succeeded', nodes: [{ name: 'only' }] });
  expect(await rig.read('a.txt')).toBe('a\n');
  const refused = await rig.mo(['do', 'x', '--provider', provider, '--planner', provider]);
  expect(refused.stderr).toContain('inputs.planner: the workflow has no such input.');
});

test('rounds of review belong to any workflow: what blocks is mended and looked at again', async () => {
  await rig.script({
    work: writes('a.txt', 'draft\n'),
    look: review({ title: 'only a draft', file: 'a.txt' }),
    'fix-1-1': writes('a.txt', 'final\n'),
    'review-2': review(),
  });
  const workflow = JSON.stringify({
    version: 1,
    name: 'work',
    defaults: { provider },
    gates: ['grep -q final a.txt'],
    nodes: {
      work: { task: 'Write', write: true, scope: { allow: ['a.txt'] } },
      look: { task: 'Look', needs: ['work'], emit: 'review' },
    },
  });
  const said = await rig.mo(['workflow', 'run', '--workflow', workflow, '--json']);
  expect(final(said)).toMatchObject({ state: 'succeeded', cycles: 2 });
  expect(await rig.git('show', `${String(final(said).branch)}:a.txt`)).toBe('final');
});
