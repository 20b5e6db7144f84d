import { appendFile, mkdir, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { expect, test } from 'vitest';
import { addWorktree } from '../../src/git/worktree.ts';
import { openRepository } from '../../src/git/repository.ts';
import { withoutPolicy, withPolicy } from '../../src/governance/policy-section.ts';
import { project } from '../../src/operations/project.ts';
import { projectApply } from '../../src/operations/project-apply.ts';
import { aNode } from '../core/build.ts';
import { aHouse, until, untilFile, writer, type House } from '../engine/house.ts';
import { contextOf } from './context-of-house.ts';

/** A run that is over, with a worktree that was left behind. */
async function anOldRun(house: House) {
  const runId = await house.create({ nodes: [writer('one', 'echo 1 > one.txt')] });
  await house.own(runId);
  const repository = await openRepository(house.repo, { env: house.engine.env });
  const path = house.engine.paths.worktree(runId, 'left');
  await addWorktree(repository, { path, base: repository.head });
  await writeFile(join(path, 'only-here.txt'), 'precious\n');
  return { runId, path };
}

const tidy = (house: House, input: object) =>
  projectApply.call({ older_than_days: 0, ...input }, contextOf(house));
const look = async (house: House, input: object) =>
  (await project.call(input, contextOf(house))).data;

test('clean shows what it would do, then parks what is nowhere else and removes the worktree', async () => {
  const house = await aHouse();
  const { runId, path } = await anOldRun(house);
  const raw = join(house.engine.paths.attemptFolder(runId, 'one', 1), 'raw.ndjson');
  await writeFile(raw, 'asked for with keep_raw\n');
  const shown = await tidy(house, { action: 'clean' });
  expect(shown.data).toMatchObject({
    dry_run: true,
    steps: [{ what: 'park and remove', path: `.agent-workspace/worktrees/${runId}/left` }],
    next: 'To do it: project_apply {action: "clean", dry_run: false}',
  });
  expect(await readFile(join(path, 'only-here.txt'), 'utf8')).toBe('precious\n');
  const done = await tidy(house, { action: 'clean', dry_run: false });
  expect(done).toMatchObject({ exitCode: 0, data: { dry_run: false } });
  await expect(readFile(join(path, 'only-here.txt'))).rejects.toThrow('ENOENT');
  expect(await house.git('show', `refs/mo/parked/${runId}/left/1:only-here.txt`)).toBe('precious');
  expect(await readFile(raw, 'utf8')).toContain('keep_raw');
  const again = await tidy(house, { action: 'clean' });
  expect(again.data).toMatchObject({ steps: [], bytes: 0 });
  expect(again.reading).toBe('clean: nothing to do');
});

test('clean takes the folder of a run that holds no worktree, and leaves none behind', async () => {
  const house = await aHouse();
  const { runId, path } = await anOldRun(house);
  const other = await house.create({ nodes: [writer('two', 'echo 1 > two.txt')] });
  await house.own(other);
  const folder = dirname(house.engine.paths.worktree(other, 'two'));
  await mkdir(folder, { recursive: true });
  const { data } = await tidy(house, { action: 'clean', dry_run: false });
  expect(data['steps']).toMatchObject([
    { what: 'park and remove', path: `.agent-workspace/worktrees/${runId}/left` },
    { what: 'remove the empty folder', path: `.agent-workspace/worktrees/${other}` },
  ]);
  for (const gone of [dirname(path), folder]) await expect(stat(gone)).rejects.toThrow('ENOENT');
});

test('a run that goes on, or ended lately, is not touched', async () => {
  const house = await aHouse();
  const { runId } = await anOldRun(house);
  const lately = await tidy(house, { action: 'clean', older_than_days: 1 });
  expect(lately.data).toMatchObject({
    steps: [],
    kept: [
      {
        why: 'the run ended less than 1 day ago; project_apply {action: "clean", older_than_days: 0} takes it',
      },
    ],
  });
  expect(lately.reading).toMatch(/^clean: nothing to do$/m);
  const live = await house.create({ nodes: [writer('two', untilFile('go'))] });
  const owned = house.own(live);
  await until(async () => (await house.lines('ran')).includes('two 1'));
  const { data } = await tidy(house, { action: 'archive', dry_run: false });
  expect(data).toMatchObject({ steps: [{ path: `.agent-workspace/runs/${runId}` }] });
  await writeFile(join(house.folder, 'go'), '');
  expect(await owned).toBe('ended');
  expect(house.store.view(live).state).toBe('succeeded');
});

test('an archived run is out of the way, in the index, and still hangs together', async () => {
  const house = await aHouse();
  const { runId } = await anOldRun(house);
  await tidy(house, { action: 'archive', dry_run: false });
  const archives = house.engine.paths.archives;
  expect(await readFile(join(archives, runId, 'report.md'), 'utf8')).toContain(runId);
  const index = JSON.parse(await readFile(join(archives, 'index.ndjson'), 'utf8'));
  expect(index).toMatchObject({ name: runId, from: `.agent-workspace/runs/${runId}` });
  expect(await look(house, { what: 'audit' })).toMatchObject({ problems: [] });
  expect((await tidy(house, { action: 'archive' })).data).toMatchObject({ steps: [] });
});

test('a run whose proof others have reused stays where they look it up', async () => {
  const house = await aHouse();
  const value = { status: 'pass', summary: 'done' };
  await house.script({ one: [[{ do: 'handoff', value }]] });
  const nodes = [aNode('one', { provider: 'scripted' })];
  const done = async () => {
    const runId = await house.create({ nodes, land: 'branch', reuse: 'yes' });
    await house.own(runId);
    return runId;
  };
  const first = await done();
  const second = await done();
  const { data } = await tidy(house, { action: 'archive', dry_run: false });
  expect(data).toMatchObject({
    steps: [{ path: `.agent-workspace/runs/${second}` }],
    kept: [{ path: `.agent-workspace/runs/${first}`, why: `${second} has reused what it proved` }],
  });
});

test('status, policy and stale say what there is', async () => {
  const house = await aHouse();
  const { runId } = await anOldRun(house);
  await writeFile(
    join(house.repo, 'mo.yaml'),
    'limits: { usd_per_day: 3 }\nretries: { backoff: { base: 90s } }\n',
  );
  const status = await look(house, { what: 'status' });
  expect(JSON.stringify(status)).toContain('1 succeeded');
  expect(JSON.stringify(status)).toContain('1 branch mo/*');
  expect(status).toMatchObject({ problems: [], project: house.repo });
  const policy = await look(house, { what: 'policy' });
  expect(policy['items']).toContainEqual({ name: 'limits.usd_per_day', text: '3 (mo.yaml)' });
  expect(policy['items']).toContainEqual({
    name: 'retries.backoff.base',
    text: '1m 30s (mo.yaml)',
  });
  const stale = await look(house, { what: 'stale' });
  expect(stale['items']).toMatchObject([{ name: runId, age_days: 0, text: 'succeeded' }]);
  expect(stale['next']).toBe(
    'Every run that is over ended less than 30 days ago: project_apply {action: "clean", older_than_days: 0} takes them all the same.',
  );
  await writeFile(join(house.engine.paths.folder, '.gitignore'), '');
  expect(await look(house, { what: 'status' })).toMatchObject({
    problems: [{ what: 'git does not ignore the workspace.' }],
  });
});

test('secrets in the environment of a worker are not told', async () => {
  const house = await aHouse();
  const env = 'providers: { claude: { env: { ANTHROPIC_AUTH_TOKEN: sk-very-secret } } }\n';
  await writeFile(join(house.repo, 'mo.yaml'), env);
  const policy = JSON.stringify(await look(house, { what: 'policy' }));
  expect(policy).toContain('providers.claude.env.ANTHROPIC_AUTH_TOKEN');
  expect(policy).not.toContain('sk-very-secret');
});

test('audit finds a receipt that is gone, one that was changed, and a commit that is not there', async () => {
  const house = await aHouse();
  const ids = [];
  for (const name of ['one', 'two', 'three']) {
    const runId = await house.create({ nodes: [writer(name, `echo 1 > ${name}.txt`)] });
    await house.own(runId);
    ids.push(runId);
  }
  expect(await look(house, { what: 'audit' })).toMatchObject({ problems: [] });
  const [gone = '', changed = ''] = ids;
  await rm(house.engine.paths.receipt(gone, 'one'));
  const file = house.engine.paths.receipt(changed, 'two');
  await writeFile(file, (await readFile(file, 'utf8')).replace('two.txt', 'too.txt'));
  const answer = await project.call({ what: 'audit' }, contextOf(house));
  expect(answer.exitCode).toBe(1);
  expect(answer.data['problems']).toMatchObject([
    { what: expect.stringContaining('was changed after it was issued') },
    { what: expect.stringContaining('is gone') },
  ]);
});

test('folders of earlier systems are moved under the archives with an index, nothing is lost', async () => {
  const house = await aHouse();
  for (const folder of ['.orchestrator', '.agent-workspace/claude-code-orchestrator']) {
    await mkdir(join(house.repo, folder, 'deep'), { recursive: true });
    await writeFile(join(house.repo, folder, 'deep', 'log.txt'), folder);
  }
  const { data } = await tidy(house, { action: 'migrate', dry_run: false });
  expect(data['steps']).toHaveLength(2);
  const { archives } = house.engine.paths;
  expect(await readFile(join(archives, 'orchestrator', 'deep', 'log.txt'), 'utf8')).toBe(
    '.orchestrator',
  );
  const index = (await readFile(join(archives, 'index.ndjson'), 'utf8')).trim().split('\n');
  expect(index.map((line) => JSON.parse(line).name)).toEqual([
    'claude-code-orchestrator',
    'orchestrator',
  ]);
  expect((await tidy(house, { action: 'migrate' })).data).toMatchObject({ steps: [] });
});

test('a folder of an earlier system that git tracks stays where it is', async () => {
  const house = await aHouse();
  await mkdir(join(house.repo, '.orchestrator'));
  await writeFile(join(house.repo, '.orchestrator', 't'), 'mine\n');
  await house.git('add', '.orchestrator/t');
  await house.git('commit', '-qm', 'tracked');
  const { data } = await tidy(house, { action: 'migrate', dry_run: false });
  expect(data).toMatchObject({
    steps: [],
    kept: [{ path: '.orchestrator', why: 'git tracks it: git rm -r --cached .orchestrator first' }],
  });
  expect(await house.git('status', '--porcelain')).toBe('');
});

test.each<[string, string, (folder: string) => Promise<void>]>([
  ['changed', 'something in it was changed', (folder) => writeFile(join(folder, 'log'), 'b')],
  ['added to', 'something in it was changed', (folder) => writeFile(join(folder, 'x'), '')],
  ['thinned out', 'something in it was changed', (folder) => rm(join(folder, 'log'))],
  ['taken away', 'it is gone', (folder) => rm(folder, { recursive: true })],
])('audit finds a folder that was %s after it was brought in', async (_, found, tamper) => {
  const house = await aHouse();
  await mkdir(join(house.repo, '.orchestrator', 'deep'), { recursive: true });
  await writeFile(join(house.repo, '.orchestrator', 'log'), 'a');
  await symlink('log', join(house.repo, '.orchestrator', 'deep', 'last'));
  await tidy(house, { action: 'migrate', dry_run: false });
  expect(await look(house, { what: 'audit' })).toMatchObject({
    items: expect.arrayContaining([{ name: 'migrated', text: '1, contents looked up' }]),
    problems: [],
  });
  await tamper(join(house.engine.paths.archives, 'orchestrator'));
  const answer = await project.call({ what: 'audit' }, contextOf(house));
  expect(answer).toMatchObject({
    exitCode: 1,
    data: { problems: [{ what: expect.stringMatching(`^archives/orchestrator: .*${found}`) }] },
  });
});

test('init makes what is missing and leaves what is there', async () => {
  const house = await aHouse();
  await appendFile(house.engine.paths.gitignore, '# mine\n');
  const { data } = await tidy(house, { action: 'init', dry_run: false });
  expect(data['steps']).toMatchObject([{ what: 'make', path: '.agent-workspace/archives' }]);
  expect(await readFile(house.engine.paths.gitignore, 'utf8')).toBe('*\n# mine\n');
});

test.each([
  ['', 'nothing'],
  ['# Mine\n', 'a line'],
  ['# Mine', 'a line without an end'],
  ['# Mine\r\n\r\ntext\r\n', 'Windows line ends'],
  ['\n\n', 'empty lines'],
])('the section for workers goes as it came: %j', (text) => {
  const added = withPolicy(text);
  expect(added).toContain('Do not commit');
  expect(withPolicy(added)).toBe(added);
  expect(withoutPolicy(added)).toBe(text);
  const between = `${added}# Later\n`;
  expect(withoutPolicy(between)).toContain('# Later\n');
});

test('policy previews its diff, writes it on request, and takes it out again', async () => {
  const house = await aHouse();
  const file = join(house.repo, 'CLAUDE.md');
  await writeFile(file, '# Mine\n');
  const shown = await tidy(house, { action: 'policy' });
  expect(shown.data['steps']).toMatchObject([
    { what: 'change', path: 'CLAUDE.md', diff: expect.stringContaining('+ - Do not commit') },
    { what: 'write', path: 'AGENTS.md' },
  ]);
  expect(JSON.stringify(shown.data)).not.toContain('- # Mine');
  expect(await readFile(file, 'utf8')).toBe('# Mine\n');
  await tidy(house, { action: 'policy', dry_run: false });
  expect(await readFile(file, 'utf8')).toContain('Do not commit');
  await tidy(house, { action: 'policy', dry_run: false, remove: true });
  expect(await readFile(file, 'utf8')).toBe('# Mine\n');
  await expect(readFile(join(house.repo, 'AGENTS.md'))).rejects.toThrow('ENOENT');
});
