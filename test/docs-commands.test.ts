import { execa } from 'execa';
import { mkdir, mkdtemp, readdir, realpath, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { z } from 'zod';
import { handoffExamples } from '../src/core/handoff-examples.ts';
import { pollOutput } from '../src/operations/poll.ts';
import { blocksOf, commandLines, commandsInProse, pages, root, wordsOf } from './doc-pages.ts';

type Sample = { folder: string; runId: string; env: Record<string, string> };

test('what the pages tell a reader to look at runs as it is printed, in the repository of the tour', async () => {
  const sample = await theTour();
  const lines = new Set(
    pages
      .flatMap((page) => [...commandLines(page), ...commandsInProse(page).filter(ofProse)])
      .map(({ line }) => line)
      .filter((line) => onlyLooks(wordsOf(line).slice(1)) && !ofAnotherRun.includes(line)),
  );
  expect(lines.size).toBeGreaterThan(40);
  const failures: string[] = [];
  for (const line of lines) {
    const said = await type(asOf(sample, checkOf(line)), sample);
    if (!expectedExits(line).includes(said.exitCode ?? -1) || said.stdout + said.stderr === '')
      failures.push(`${line}: exit code ${said.exitCode}\n${said.stdout}\n${said.stderr}`);
  }
  expect(failures).toEqual([]);
}, 600_000);

test('what the pages tell a reader to do is done as it is printed, each to a run of its own', async () => {
  const sample = await theTour();
  await scriptWorkers(sample);
  const lines = new Set(pages.flatMap(commandLines).map(({ line }) => line));
  const failures: string[] = [];
  const done = new Set<string>();
  // What a project's own settings would run counts only once it is trusted.
  for (const line of [...lines].toSorted((one, other) => rank(one) - rank(other))) {
    const [, ...words] = wordsOf(line);
    if (onlyLooks(words) || line.startsWith('mo workflow run ')) continue;
    const act = acts.find(({ form }) => form.test(words.join(' ')));
    if (act === undefined) {
      failures.push(`${line}: nobody types it, and it is not among what is left out`);
      continue;
    }
    done.add(words[0] ?? '');
    if ('why' in act) continue;
    const runId = act.on === undefined ? sample.runId : await aRunOf(sample, act.on);
    const own = { ...sample, runId };
    if (act.first !== undefined) await type(asOf(own, act.first), sample);
    const typed = asOf(own, act.as?.(line) ?? line);
    const said = await type(typed, act.withTools === true ? withTools(sample) : sample);
    if (!(act.exits ?? [0]).includes(said.exitCode ?? -1))
      failures.push(
        `${typed}: exit code ${said.exitCode}\n${said.stdout.slice(0, 2_000)}\n${said.stderr}`,
      );
    if (act.on === 'live.yaml') await type(`mo stop ${runId} --force`, sample);
  }
  expect(failures).toEqual([]);
  expect([...done]).toEqual(
    expect.arrayContaining(['trust', 'selftest', 'watch', 'run', 'send', 'stop', 'land']),
  );
}, 900_000);

function rank(line: string): number {
  return line.startsWith('mo trust') ? 0 : 1;
}

type Act = { form: RegExp } & (
  | {
      on?: 'live.yaml' | 'done.yaml';
      as?: (line: string) => string;
      exits?: number[];
      withTools?: true;
      /** What has to be typed before it. */
      first?: string;
    }
  /** Why nobody types it here. */
  | { why: string }
);

const shownOnly = (line: string): string => `${line.replace(/\s+#.*/, '')} --dry-run`;

/** The first that fits counts. `on`: to a run of this workflow that was just started; `live.yaml` goes on, `done.yaml` is over. */
const acts: readonly Act[] = [
  {
    form: /^(install|uninstall|update)\b.*--mode plugin/,
    why: 'asks the program of a host, which is not here: test/hosts',
  },
  { form: /^(install|uninstall|update)\b/, as: shownOnly },
  { form: /^serve\b/ },
  { form: /^trust$/ },
  { form: /^selftest --hosts/, exits: [5] },
  { form: /^selftest\b/, withTools: true },
  { form: /^watch\b/ },
  { form: /^run\b/ },
  { form: /^send\b/, on: 'live.yaml' },
  { form: /^stop\b/, on: 'live.yaml' },
  {
    form: /^workflow control \S+ retry\b/,
    why: 'needs a node that has failed or is verified: test/engine/control',
  },
  { form: /^workflow control \S+ resume\b/, why: 'needs a paused run: test/engine/control' },
  { form: /^workflow control\b/, on: 'live.yaml' },
  {
    form: /^land\b.*--how pr\b/,
    why: 'needs a remote that takes pull requests: the tests of landing',
  },
  {
    form: /^land\b.*--how rollback\b/,
    on: 'done.yaml',
    first: 'mo land r-7 --how merge --confirm',
  },
  { form: /^land\b/, on: 'done.yaml' },
  { form: /^project apply\b/ },
  {
    form: /^resume\b/,
    why: 'needs a run that asks just this, or was cut off: test/e2e/do, budget and kills',
  },
  { form: /^verify\b/, why: 'runs commands a reader has and the tour has not: test/operations' },
  { form: /^(do|bulk)\b/, why: 'plans or makes items with agents: test/e2e/do and bulk' },
  { form: /^demo\b/, why: 'it is the tour itself' },
];

function withTools(sample: Sample): Sample {
  const path = [sample.env['PATH'], '/usr/bin', '/bin'].join(delimiter);
  return { ...sample, env: { ...sample.env, PATH: path } };
}

/** Scripted workers are all there are: they take every role, and do as little as each page's command needs. */
async function scriptWorkers({ folder, env }: Sample): Promise<void> {
  const roles = Object.keys(handoffExamples).map((role) => `  ${role}: { prefer: [scripted] }`);
  await mkdir(join(env['HOME'] ?? '', '.config', 'mo'), { recursive: true });
  await writeFile(
    join(env['HOME'] ?? '', '.config', 'mo', 'config.yaml'),
    `version: 1\nroles:\n${roles.join('\n')}\n`,
  );
  const passed = { status: 'pass', summary: 'done' };
  const script = {
    ...Object.fromEntries(
      Object.entries(handoffExamples).map(([role, value]) => [role, [{ do: 'handoff', value }]]),
    ),
    implementation: [{ do: 'handoff', value: { ...passed, changed_files: [], commands: [] } }],
    validator: [{ do: 'hang' }],
    writer: [
      { do: 'append', path: 'docs/written.md', text: 'written\n' },
      { do: 'handoff', value: { ...passed, changed_files: ['docs/written.md'], commands: [] } },
    ],
  };
  env['MO_SCRIPT'] = join(folder, '.git', 'script.json');
  await writeFile(env['MO_SCRIPT'], JSON.stringify(script));
  const head = 'version: 1\nname: sample\ndefaults: { provider: scripted }\n';
  await writeFile(
    join(folder, '.git', 'live.yaml'),
    `${head}nodes:\n  release: { kind: approval, ask: Release it? }\n  validator: { task: x }\n  docs: { needs: [validator], task: x }\n`,
  );
  await writeFile(
    join(folder, '.git', 'done.yaml'),
    `${head}land: branch\nnodes:\n  writer: { write: true, scope: { allow: ["docs/**"] }, task: x }\n`,
  );
  await writeFile(join(folder, 'mo.yaml'), 'gates: { commands: [npm test] }\n');
  await writeFile(
    join(env['PATH'] ?? '', 'npm'),
    `#!/bin/sh\nexec "${process.execPath}" support/all-tests.js\n`,
    { mode: 0o755 },
  );
  await commitAll(folder);
  await execa('git', ['branch', 'release'], { cwd: folder });
}

/** Its id. One that goes on has its worker at work, and has asked. */
async function aRunOf(sample: Sample, file: 'live.yaml' | 'done.yaml'): Promise<string> {
  const isLive = file === 'live.yaml';
  const start = `mo workflow run .git/${file} --fresh --json${isLive ? ' --detach' : ''}`;
  const started = await type(start, sample);
  expect(started.stderr).not.toMatch(/^mo: /m);
  const { run_id: runId } = z.object({ run_id: z.string() }).parse(JSON.parse(started.stdout));
  if (!isLive) return runId;
  for (;;) {
    const { stdout } = await type(`mo poll ${runId} --detail nodes --wait-s 0 --json`, sample);
    const { nodes = [], needs = [] } = pollOutput.parse(JSON.parse(stdout));
    const isAtWork = nodes.some((one) => one.node === 'validator' && one.status === 'running');
    if (isAtWork && needs.length > 0) return runId;
  }
}

/** What several nodes of a run without changes hand over; the run of the tour has changes. */
const ofAnotherRun = ['mo output r-7 --part handoff'];

/** Pages say these inside a sentence; without --no-dry-run the second only shows. */
function ofProse({ line }: { line: string }): boolean {
  return /^mo (models\b|project apply \w)/.test(line);
}

/** A workflow that a page starts is at least checked, with its inputs. */
function checkOf(line: string): string {
  if (!line.startsWith('mo workflow run ')) return line;
  const source = /^mo workflow run ((?:--recipe )?[\w.-]+(?: --inputs '[^']*')?)/.exec(line);
  return `mo workflow check ${source?.[1] ?? line}`;
}

/** Whether a command line starts no worker, writes nothing of a project's own and asks nobody. */
function onlyLooks([first = '', ...rest]: readonly string[]): boolean {
  switch (first) {
    case 'health':
    case 'doctor':
    case 'route':
    case 'list':
    case 'models':
    case 'usage':
    case 'prompts':
    case 'output':
      return true;
    case 'handoff':
      return rest[0] !== '-';
    case 'poll':
      return rest.includes('--wait-s');
    case 'project':
      return !rest.includes('--no-dry-run');
    case 'workflow':
      return rest[0] === 'check' || rest[0] === 'run';
    case 'verify':
      return rest[0] === '--receipt' || rest.length === 1;
    case 'bulk':
    case 'install':
    case 'uninstall':
      return rest.includes('--dry-run');
    default:
      return rest.includes('--help');
  }
}

/** No agent is on the PATH here, and these say so. */
function expectedExits(line: string): number[] {
  return /^mo (health|doctor|route)\b/.test(line) ? [0, 5] : [0];
}

/** The pages speak of a run 7 and of files a reader has; the tour and what is started beside it have ids of their own. */
function asOf({ runId }: Sample, line: string): string {
  return line.replaceAll('r-7-add-jwt', runId).replaceAll(/\br-7\b/g, runId);
}

function type(line: string, { folder, env }: Sample) {
  return execa('/bin/sh', ['-c', line], {
    cwd: folder,
    env,
    extendEnv: false,
    reject: false,
    stdin: 'ignore',
  });
}

/** `mo demo --folder mo-demo`, as README says, and the files that the pages name. */
async function theTour(): Promise<Sample> {
  const place = await realpath(await mkdtemp(join(tmpdir(), 'mo-docs-')));
  onTestFinished(() => rm(place, { recursive: true, force: true }));
  const [home, bin] = [join(place, 'home'), join(place, 'bin')];
  for (const folder of [home, bin, join(home, '.claude'), join(home, '.codex')])
    await mkdir(folder);
  await writeFile(
    join(bin, 'mo'),
    `#!/bin/sh\nexec "${process.execPath}" "${join(root, 'dist', 'mo.mjs')}" "$@"\n`,
    { mode: 0o755 },
  );
  await symlink(process.execPath, join(bin, 'node'));
  const { stdout: git } = await execa('/bin/sh', ['-c', 'command -v git']);
  await symlink(git, join(bin, 'git'));
  const env = { PATH: bin, HOME: home, LANG: 'C.UTF-8', NO_COLOR: '1' };

  const demo = await execa(join(bin, 'mo'), ['demo', '--folder', 'mo-demo'], {
    cwd: place,
    env,
    extendEnv: false,
  });
  expect(demo.stdout).toContain('every node is verified, and so is the whole');
  const folder = join(place, 'mo-demo');
  await writeFile(join(folder, 'refactor.yaml'), firstWorkflow());
  await writeFile(join(folder, 'pages.csv'), 'path,lang\ndocs/api.md,de\n');
  await writeFile(join(folder, 'src', 'cart.ts'), 'export const cart = [];\n');
  await commitAll(folder);
  const [runId = ''] = await readdir(join(folder, '.agent-workspace', 'runs'));
  return { folder, runId, env };
}

async function commitAll(folder: string): Promise<void> {
  const asAuthor = ['-c', 'user.name=Reader', '-c', 'user.email=reader@example.com'];
  await execa('git', ['add', '-A'], { cwd: folder });
  await execa('git', [...asAuthor, 'commit', '-qm', 'What the pages name'], { cwd: folder });
}

function firstWorkflow(): string {
  return blocksOf(join(root, 'docs', 'workflow-files.md'), 'yaml')[0]?.text ?? '';
}
