import { execa } from 'execa';
import { appendFile, mkdir, readdir, rm, symlink, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { final, makeRig, plan, planned, review, writes, type Rig, type Said } from './rig.ts';

const rigs: Rig[] = [];
afterEach(async () => {
  for (const rig of rigs.splice(0)) await rig.end();
});

async function aRig(name?: string): Promise<Rig> {
  const rig = await makeRig(name);
  rigs.push(rig);
  await rig.script({
    plan: plan(planned('one', ['one.txt'])),
    one: writes('one.txt', '1\n'),
    review: review(),
  });
  return rig;
}

const yes = ['--provider', 'scripted', '--yes', '--json'];

type Refusal = { exitCode: number; says: RegExp };

/** One sentence for a person, on stderr alone, and no trace of where in mo it came from. */
function expectRefusal(said: Said, { exitCode, says }: Refusal): void {
  expect(said.stderr).toMatch(says);
  expect(said.stderr).toMatch(/^mo: /);
  expect(said.stderr).not.toMatch(/\n\s+at /);
  expect(said.stdout).toBe('');
  expect(said.exitCode).toBe(exitCode);
}

/** Each command is refused, one after the other, and the project stays as it was. */
async function expectAllRefused(
  rig: Rig,
  cases: readonly (readonly [args: readonly string[], exitCode: number, says: RegExp])[],
): Promise<void> {
  const before = await rig.git('status', '--porcelain', '--ignored');
  for (const [args, exitCode, says] of cases) expectRefusal(await rig.mo(args), { exitCode, says });
  expect(await rig.git('status', '--porcelain', '--ignored')).toBe(before);
}

test('a place without a repository, a commit or a checkout is named, and nothing is written there', async () => {
  const rig = await aRig();
  const [plain, empty, bare] = ['plain', 'empty', 'bare'].map((name) => join(rig.folder, name));
  if (plain === undefined || empty === undefined || bare === undefined) throw new Error('no place');
  await mkdir(plain);
  await execa('git', ['init', '-q', empty]);
  await execa('git', ['init', '-q', '--bare', bare]);
  const doIt = ['do', 'x', ...yes];
  expectRefusal(await rig.mo(doIt, { cwd: plain }), {
    exitCode: 5,
    says: /plain is not inside a git repository\. Run `git init`/,
  });
  expectRefusal(await rig.mo(doIt, { cwd: empty }), {
    exitCode: 5,
    says: /empty has no commit yet.*Commit once/,
  });
  expectRefusal(await rig.mo(doIt, { cwd: bare }), {
    exitCode: 5,
    says: /bare is a bare repository.*git worktree add/,
  });
  expectRefusal(await rig.mo([...doIt, '--cwd', '../nowhere']), {
    exitCode: 2,
    says: /There is no folder .*nowhere\. Give an existing one with --cwd/,
  });
  expect(await readdir(plain)).toEqual([]);
  expect(await readdir(empty)).toEqual(['.git']);
  expect((await rig.mo(['list'], { cwd: empty })).exitCode).toBe(0);
});

test('a workflow that cannot be read says where, and what stands there', async () => {
  const rig = await aRig();
  await rig.write('twice.yaml', 'version: 1\nname: x\nnodes:\n  a: { task: x, rol: x }\nname: y\n');
  await rig.write('comment.json', '{\n  // why\n  "version": 1\n}\n');
  const check = (file: string) => rig.mo(['workflow', 'check', file]);
  const twice = await check('twice.yaml');
  expect(twice.exitCode).toBe(2);
  expect(twice.stdout).toContain(
    [
      'twice.yaml has 2 errors',
      'twice.yaml:4:17: nodes.a.rol: is no known key. Did you mean role?',
      '    rol: x }',
      'twice.yaml:5:1: name: this key is there twice. Keep one of the two.',
      '    name: y',
    ].join('\n'),
  );
  const comment = await check('comment.json');
  expect(comment.stdout).toMatch(/comment\.json:2:3: JSON has no comments\..*\n {4}\/\/ why\n/);
  await expectAllRefused(rig, [
    [['workflow', 'check', '.'], 2, /cannot be read: it is a folder\. Name an existing file/],
    [['workflow', 'check', 'no.yaml'], 2, /cannot be read: there is no such file/],
  ]);
});

test('a handoff comes from stdin too', async () => {
  const rig = await aRig();
  const input = 'Done.\n{"status": "pass", "summary": "s", "findings": []}';
  const validate = ['handoff', 'validate', '-', '--role', 'review'];
  expect(await rig.mo(validate, { input })).toMatchObject({
    exitCode: 0,
    stdout: 'fits the contract of review, status pass',
  });
  const long = await rig.mo(validate, {
    input: input.replace('"s"', `"${'s'.repeat(5_000_000)}"`),
  });
  expect(long.exitCode).toBe(1);
  expect(long.stdout).toContain('more than 1,000,000 characters');
  expectRefusal(await rig.mo(validate, { input: 'x'.repeat(17_000_000) }), {
    exitCode: 2,
    says: /handoff on stdin has more than 16777216 bytes/,
  });
});

test('a workflow, a task and a text for an agent come from stdin too', async () => {
  const rig = await aRig();
  const input = 'version: 1\nname: piped\nnodes:\n  a: { task: x, provider: scripted }\n';
  const checked = await rig.mo(['workflow', 'check', '-'], { input });
  expect(checked).toMatchObject({ exitCode: 0 });
  expect(checked.stdout).toContain('piped is good, 1 node\n');
  expect(checked.stdout).toContain('mo workflow run --workflow <workflow>');
  await expectStdinRead(rig, ['workflow', 'run', '-'], 'version: 2', /workflow:1:.*version/);
  await expectStdinRead(rig, ['run', '-', '--provider', 'scripted'], ' ', /goal is empty/);
  await expectStdinRead(rig, ['send', 'r-9', '-'], 'use tabs', /no run r-9/);
});

async function expectStdinRead(
  rig: Rig,
  args: readonly string[],
  input: string,
  says: RegExp,
): Promise<void> {
  expectRefusal(await rig.mo(args, { input }), { exitCode: 2, says });
}

test('a name, a flag or a number that does not exist is told with those that do', async () => {
  const rig = await aRig();
  await expectAllRefused(rig, [
    [
      ['do', 'x', '--provider', 'nope'],
      2,
      /inputs.provider: there is no provider "nope"\. Known: claude, codex\.$/m,
    ],
    [
      ['do', 'x', ...yes, '--reviewer', 'gemini:a'],
      2,
      /inputs.reviewer: there is no provider "gemini"\. Known/,
    ],
    [['run', 'x', '--provider', 'scripted', '--profile', 'p'], 2, /scripted has no profile p/],
    [['run', 'x', '--role', 'cook'], 2, /--role "cook" is not.*implementation.*mo run --help/],
    [['run', 'x', '--role', 'tesing'], 2, /Did you mean testing\?/],
    [['run', 'x', '--provider', 'claud'], 2, /no provider claud\. Did you mean claude\?/],
    [['do', 'x', '--yess'], 2, /Unknown option '--yess'.*Did you mean --yes.*mo do --help/],
    [['do', 'x', ...yes, '--gate', ' '], 2, /inputs.gates\[0\].*empty/],
    [['do', 'x', '--max-cycles', 'many'], 2, /--max-cycles.*'many'.*whole number/],
    [
      ['do', 'x', ...yes, '--timeout', '5parsecs'],
      2,
      /inputs.timeout: "5parsecs" is no duration.*15m/,
    ],
    [['pol'], 2, /Unknown command 'pol'\. Did you mean poll/],
    [['do', ''], 2, /goal is empty/],
    [['do', 'g'.repeat(101_000)], 2, /goal has 101000 bytes; at most 100000/],
    [['do'], 2, /Missing required argument 'goal'.*mo do --help/],
  ]);
});

test('without any worker installed a run is not even begun', async () => {
  const rig = await aRig();
  const env = { PATH: await folderWithGitAlone(rig) };
  expectRefusal(await rig.mo(['do', 'x', '--yes'], { env }), {
    exitCode: 5,
    says: /No worker can take role planner: claude: the command claude is not on the PATH.*mo health/,
  });
  expectRefusal(await rig.mo(['do', 'x', ...yes, '--worker', 'codex'], { env }), {
    exitCode: 5,
    says: /command codex of provider codex is not on the PATH\. Install it with `npm install --global @openai\/codex`/,
  });
  expect(await readdir(rig.repo)).toEqual(['.git', 'README.md']);
});

async function folderWithGitAlone(rig: Rig): Promise<string> {
  const { stdout: git } = await execa('sh', ['-c', 'command -v git']);
  const folder = join(rig.folder, 'bin');
  await mkdir(folder);
  await symlink(git, join(folder, 'git'));
  return folder;
}

test('a goal from stdin may be long, and one that is too long is refused there too', async () => {
  const rig = await aRig();
  const goal = `Add one. ${'Mind the details. '.repeat(5_000)}`;
  const ran = await rig.mo(['do', '-', ...yes], { input: goal });
  expect(final(ran)).toMatchObject({ run_id: expect.stringMatching(/^r-1-add-one/) });
  expectRefusal(await rig.mo(['do', '-', ...yes], { input: 'x'.repeat(1_048_576) }), {
    exitCode: 2,
    says: /goal has 1048576 bytes; at most 100000.*file of the repository/,
  });
  expectRefusal(await rig.mo(['do', '-', ...yes], { input: 'a\0b' }), {
    exitCode: 2,
    says: /NUL/,
  });
});

function node(needs: string): string {
  return `{ role: implementation, provider: scripted, task: x, needs: [${needs}] }`;
}

test('a workflow that cannot be read or has a cycle is refused place by place', async () => {
  const rig = await aRig();
  await rig.write(
    'w.yaml',
    `version: 1\nname: w\nnodes:\n  a: ${node('c')}\n  b: ${node('a')}\n  c: ${node('b')}\n  ../x: ${node('')}\n`,
  );
  await rig.write('binary.yaml', 'version: 1\nnodes: [\0\u{fffd}');
  await mkdir(join(rig.repo, 'folder.yaml'));
  await expectAllRefused(rig, [
    [['workflow', 'run', 'w.yaml'], 2, /w\.yaml:4:\d+: nodes\.a.*a → c → b → a.*Remove one/],
    [['workflow', 'run', 'w.yaml'], 2, /w\.yaml:7:3:.*"\.\.\/x" is no valid name/],
    [['workflow', 'run', 'binary.yaml'], 2, /binary\.yaml:2:\d+/],
    [['workflow', 'run', 'none.yaml'], 2, /none\.yaml cannot be read: there is no such file/],
    [['workflow', 'run', 'folder.yaml'], 2, /folder\.yaml cannot be read: it is a folder/],
    [['workflow', 'run'], 2, /one of file, workflow and recipe/],
  ]);
});

test('settings that are garbage are told line by line, and nothing of them is used', async () => {
  const rig = await aRig();
  await rig.write('mo.yaml', 'version: 1\nlimts: {}\nlimits: { concurrency: many }\n');
  await expectAllRefused(rig, [
    [['do', 'x', ...yes], 2, /line 2, column 1: limts.*Did you mean limits/],
    [['do', 'x', ...yes], 2, /line 3, column \d+: limits\.concurrency/],
  ]);
  await rm(join(rig.repo, 'mo.yaml'));
  await mkdir(join(rig.repo, 'mo.yaml'));
  expectRefusal(await rig.mo(['do', 'x', ...yes]), { exitCode: 5, says: /cannot read .*mo\.yaml/ });
  expectRefusal(await rig.mo(['do', 'x', ...yes], { env: { MO_CONCURRENCY: 'abc' } }), {
    exitCode: 5,
    says: /cannot read .*mo\.yaml/,
  });
});

function round(first: string): unknown {
  return plan(planned(first, ['a'], { needs: ['b'] }), planned('b', ['b'], { needs: [first] }));
}

test('a plan with a cycle, or with a path for a name, goes back three times and then fails', async () => {
  const rig = await aRig();
  await rig.script({ plan: [round('a'), round('../x'), round('a')] });
  const said = await rig.mo(['do', 'round and round', ...yes]);
  expect(said.exitCode).toBe(1);
  const { run_id: runId, nodes, branch } = final(said);
  expect(nodes.find(({ name }) => name === 'plan')).toMatchObject({ state: 'failed', attempts: 3 });
  const read = (file: string) => rig.read(`.agent-workspace/runs/${runId}/${file}`);
  expect(await read('nodes/plan/2/prompt.md')).toContain('a → b → a');
  expect(await read('nodes/plan/3/prompt.md')).toContain('"../x" is no node name');
  expect(await rig.git('branch', '--list', String(branch))).toBe('');
  expect(await rig.git('worktree', 'list')).not.toContain('.agent-workspace');
});

test('a dirty checkout and a detached HEAD are not merged into, and a branch is still made', async () => {
  const rig = await aRig();
  await rig.write('README.md', 'mine\n');
  await expectAllRefused(rig, [
    [
      ['do', 'x', ...yes, '--land', 'merge'],
      5,
      /uncommitted changes \(README\.md\).*--land branch/,
    ],
  ]);
  const onBranch = await rig.mo(['do', 'beside', ...yes]);
  expect(final(onBranch)).toMatchObject({ state: 'succeeded', landed: { how: 'branch' } });
  expect(await rig.read('README.md')).toBe('mine\n');
  await rig.git('checkout', '-q', '--detach');
  await expectAllRefused(rig, [
    [['do', 'x', ...yes, '--land', 'merge'], 2, /HEAD is detached.*--land branch/],
  ]);
});

test('the number of a run that left a branch is never given again, whatever became of its workspace', async () => {
  const rig = await aRig();
  const first = final(await rig.mo(['do', 'again', ...yes, '--land', 'branch']));
  const before = await rig.git('rev-parse', `mo/${first.run_id}`);
  await gone(await rig.ownerOf(first.run_id));
  await rm(join(rig.repo, '.agent-workspace'), { recursive: true });
  await rig.git('worktree', 'add', '-q', '../linked', '-b', 'feature');
  const second = final(await rig.mo(['do', 'again', ...yes], { cwd: join(rig.folder, 'linked') }));
  expect(second).toMatchObject({
    run_id: 'r-2-again',
    landed: { how: 'merge' },
    target: 'feature',
  });
  expect(await rig.git('rev-parse', `mo/${first.run_id}`)).toBe(before);
  expect(await rig.git('rev-parse', 'main')).not.toBe(await rig.git('rev-parse', 'feature'));
});

test('goals at the same time are all merged into one checkout', async () => {
  const rig = await aRig();
  await rig.script({
    plan: plan(planned('one', ['*.txt'])),
    one: [
      { do: 'shell', command: 'echo x > $(basename $(dirname $PWD)).txt' },
      ...writes('ignored.txt', '').slice(1),
    ],
    review: review(),
  });
  const all = await Promise.all(
    ['first', 'second', 'third'].map((goal) => rig.mo(['do', goal, ...yes, '--land', 'merge'])),
  );
  expect(all.map(({ exitCode }) => exitCode)).toEqual([0, 0, 0]);
  const ids = all.map((said) => final(said).run_id);
  for (const id of ids) expect(await rig.read(`${id}.txt`)).toBe('x\n');
  expect(await rig.git('status', '--porcelain')).toBe('');
});

test('a whole goal works under a path with spaces, quotes, a line break, Chinese and emoji, from a subfolder of a symlink', async () => {
  const rig = await aRig('it\'s "a" $(touch pwned) `b`\n\t中文 🎉 -x');
  await mkdir(join(rig.repo, 'sub'));
  await symlink(rig.repo, join(rig.folder, 'link'));
  const said = await rig.mo(['do', 'strange place', ...yes, '--gate', 'test -f one.txt'], {
    cwd: join(rig.folder, 'link', 'sub'),
  });
  expect(final(said)).toMatchObject({ state: 'succeeded', landed: { how: 'merge' } });
  expect(await rig.read('one.txt')).toBe('1\n');
  expect(await readdir(rig.folder)).not.toContain('pwned');
  expect(await rig.git('status', '--porcelain')).toBe('');
});

test('a damaged, newer or misplaced database is named and left alone, and once it is moved away work goes on', async () => {
  const rig = await aRig();
  const first = final(await rig.mo(['do', 'first', ...yes, '--land', 'branch']));
  await gone(await rig.ownerOf(first.run_id));
  const workspace = join(rig.repo, '.agent-workspace');
  const database = join(workspace, 'mo.db');
  await truncate(database, 5_000);
  const damaged = {
    exitCode: 5,
    says: /mo\.db is damaged.*Move it aside \(mv '.*mo\.db\.broken'\)/,
  };
  for (const args of [['list'], ['poll', '1'], ['do', 'x', ...yes], ['stop', '1'], ['output', '1']])
    expectRefusal(await rig.mo(args), damaged);
  await writeFile(database, 'no database at all, just words. '.repeat(200));
  expectRefusal(await rig.mo(['list']), damaged);
  await rm(database);
  await mkdir(database);
  expectRefusal(await rig.mo(['list']), { exitCode: 5, says: /cannot write to .*agent-workspace/ });
  await rm(database, { recursive: true });
  const second = final(await rig.mo(['do', 'second', ...yes]));
  expect(second.run_id).toBe('r-2-second');
  await gone(await rig.ownerOf(second.run_id));
  await rm(workspace, { recursive: true });
  await writeFile(workspace, 'in the way');
  expectRefusal(await rig.mo(['do', 'x', ...yes]), {
    exitCode: 5,
    says: /file of that name is in/,
  });
});

/** An owner that still lives writes what it knows into the database when it closes it. */
async function gone(pid: number): Promise<void> {
  await execa('tail', ['-f', '/dev/null', `--pid=${pid}`]);
}

test('runs that are not there, not over, or over already say so', async () => {
  const rig = await aRig();
  const commands = ['poll', 'stop', 'output', 'land', 'verify', 'resume', 'watch'];
  await expectAllRefused(
    rig,
    commands.map((name) => [[name, 'r-99'], 2, /There is no run r-99\..*mo list/] as const),
  );
  const asked = await rig.mo(['do', 'ask', '--provider', 'scripted', '--json']);
  expect(asked.exitCode).toBe(3);
  expect(asked.stderr).toContain('## one');
  await expectAllRefused(rig, [
    [['resume', '1', '--answer', 'perhaps'], 2, /perhaps is no answer.*yes, no, revise/],
    [['resume', '1', '--answer', 'yes', '--request', 'q'], 2, /no request q\. Name one.*plan/],
    [['land', '1'], 2, /r-1-ask waits for you.*mo poll r-1-ask/],
    [['output', '1', '--node', '../x'], 2, /no node \.\.\/x\. Its nodes are: plan, review/],
    [['output', '1', '--part', 'nope'], 2, /--part "nope" is not.*receipt, report/],
    [['poll', '1', '--since', 'garbage'], 2, /garbage is no cursor/],
  ]);
  expect(final(await rig.mo(['resume', '1', '--answer', 'yes', '--json'])).state).toBe('succeeded');
  await expectAllRefused(rig, [
    [['resume', '1'], 2, /is succeeded; that needs a run that is not over.*mo output r-1-ask/],
    [['resume', '1', '--answer', 'yes'], 2, /waiting for an answer/],
    [['land', '1', '--how', 'merge'], 2, /changes the target branch.*--confirm/],
    [['verify', '1', '--node', 'nope'], 2, /no node nope/],
    [['verify', '--folder', 'nope'], 2, /no folder .*nope.*: mo verify --folder <folder>/],
    [['verify', '--receipt', 'nowhere.json'], 2, /no such file/],
  ]);
  for (const _ of [1, 2]) {
    const landed = await rig.mo(['land', '1', '--how', 'merge', '--confirm']);
    expect(landed).toMatchObject({ exitCode: 0, stdout: expect.stringContaining('merge main') });
  }
  expect(await rig.git('rev-list', '--count', 'main')).toBe('2');
  expect((await rig.mo(['stop', '1'])).exitCode).toBe(0);
});

test('a full disk ends a command with what to do, and a run that had begun goes on when there is room', async ({
  skip,
}) => {
  const rig = await aRig();
  const small = join(rig.folder, 'small');
  await mkdir(small);
  const mounted = await execa('mount', ['-t', 'tmpfs', '-o', 'size=3m', 'tmpfs', small], {
    reject: false,
  });
  if (mounted.exitCode !== 0) skip('only root may mount a small disk');
  try {
    const repo = join(small, 'repo');
    await execa('git', ['clone', '-q', rig.repo, repo]);
    await execa('git', ['config', 'user.name', 'Somebody'], { cwd: repo });
    await execa('git', ['config', 'user.email', 'somebody@example.org'], { cwd: repo });
    const at = { cwd: repo };
    final(await rig.mo(['do', 'with room', ...yes, '--land', 'branch'], at));
    const filler = join(small, 'filler');
    await fill(filler);
    const doIt = ['do', 'no room', '--provider', 'scripted', '--yes', '--land', 'branch'];
    expectRefusal(await rig.mo(doIt, at), { exitCode: 5, says: /disk is full.*Free some space/ });
    // Room for the run and not for its work.
    await truncate(filler, (await sizeOf(filler)) - 120 * 1024);
    const begun = await rig.mo(doIt, at);
    expect(begun).toMatchObject({ exitCode: 5, stdout: '' });
    expect(begun.stderr).toMatch(/disk is full[^]*mo resume r-\d+-no-room/);
    await rm(filler);
    const runId = /mo resume (r-\d+-no-room)/.exec(begun.stderr)?.[1] ?? '';
    expect(final(await rig.mo(['resume', runId, '--json'], at)).state).toBe('succeeded');
    await execa('git', ['fsck', '--no-dangling'], { cwd: repo });
  } finally {
    // The last owner may still be on its way out.
    await execa('umount', ['--lazy', small]);
  }
});

async function fill(path: string): Promise<void> {
  const block = 'x'.repeat(4_096);
  try {
    for (;;) await appendFile(path, block);
  } catch (cause) {
    if (!(cause instanceof Error && 'code' in cause && cause.code === 'ENOSPC')) throw cause;
  }
}

async function sizeOf(path: string): Promise<number> {
  const { stdout } = await execa('stat', ['-c', '%s', path]);
  return Number(stdout);
}
