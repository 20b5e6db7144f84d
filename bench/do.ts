import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { z } from 'zod';
import { figure, median, type Figure } from './figure.ts';

const mo = join(import.meta.dirname, '../dist/mo.mjs');
const rounds = 3;

const planMs = 1_000;
const workMs = 2_000;
const reviewMs = 1_000;
const slots = 4;
/** Four at once, then two that need them: two layers on four slots. */
const layers = [
  ['a1', 'a2', 'a3', 'a4'],
  ['b1', 'b2'],
];
const criticalMs = planMs + layers.length * workMs + reviewMs;

/**
 * `mo do` from the shell to its exit, real worker processes that sleep: what it takes beyond the longest chain of sleeps is planning,
 * worktrees, commits, gates, landings, the verification of the whole and the final merge.
 */
export async function measureDo(): Promise<Figure[]> {
  const walls: number[] = [];
  const chains: number[] = [];
  for (let round = 0; round < rounds; round += 1) {
    const { wallMs, chainMs } = await doOnce();
    walls.push(wallMs);
    chains.push(chainMs);
  }
  const wall = median(walls);
  const factor = { most: 1.1 };
  return [
    figure(`mo do, ${criticalMs / 1000} s of work in its longest chain`, wall / 1000, null, ' s'),
    figure('against the sleeps of that chain', wall / criticalMs, factor, ' x'),
    figure(
      'against the processes of that chain, start of Node and all',
      wall / median(chains),
      null,
      ' x',
    ),
  ];
}

async function doOnce(): Promise<{ wallMs: number; chainMs: number }> {
  const folder = await mkdtemp(join(tmpdir(), 'mo-bench-'));
  try {
    const repo = await makeRepository(folder);
    const book = join(folder, 'book.json');
    await writeFile(book, JSON.stringify(script()));
    const args = ['do', 'sleep well', '--provider', 'scripted', '--yes', '--json'];
    const from = performance.now();
    const child = spawn(process.execPath, [mo, ...args, '--concurrency', String(slots)], {
      cwd: repo,
      env: { ...bareEnv(folder), MO_SCRIPT: book },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const [stdout, stderr] = await Promise.all([
      text(child.stdout),
      text(child.stderr),
      once(child, 'close'),
    ]);
    const wallMs = performance.now() - from;
    const result = final.parse(JSON.parse(stdout));
    if (result.state !== 'succeeded' || result.landed === null) throw new Error(stderr);
    return {
      wallMs,
      chainMs: await chainOf(join(repo, '.agent-workspace/runs', result.run_id, 'nodes')),
    };
  } finally {
    await rm(folder, { recursive: true, force: true, maxRetries: 5 });
  }
}

const final = z.looseObject({ run_id: z.string(), state: z.string(), landed: z.unknown() });

/** The longest worker process of each stage, added up: from the start that was written down to the file its end left. */
async function chainOf(nodes: string): Promise<number> {
  const names = await readdir(nodes);
  const times = new Map<string, number>();
  for (const name of names) times.set(name, await processMs(join(nodes, name, '1')));
  const stages = [['plan'], ...layers, ['review']];
  return stages.reduce(
    (sum, stage) => sum + Math.max(...stage.map((name) => times.get(name) ?? Number.NaN)),
    0,
  );
}

async function processMs(attempt: string): Promise<number> {
  const { startedAt } = z
    .looseObject({ startedAt: z.number() })
    .parse(JSON.parse(await readFile(join(attempt, 'command.json'), 'utf8')));
  return (await stat(join(attempt, 'exit.json'))).mtimeMs - startedAt;
}

async function makeRepository(folder: string): Promise<string> {
  const repo = join(folder, 'repo');
  await mkdir(repo);
  await writeFile(join(repo, 'README.md'), 'hello\n');
  for (const args of [
    ['init', '-q', '-b', 'main'],
    ['config', 'user.name', 'Somebody'],
    ['config', 'user.email', 'somebody@example.org'],
    ['add', '-A'],
    ['commit', '-qm', 'first'],
  ])
    execFileSync('git', args, { cwd: repo, env: bareEnv(folder) });
  return repo;
}

function bareEnv(home: string): Record<string, string> {
  return {
    PATH: process.env['PATH'] ?? '',
    HOME: home,
    NO_COLOR: '1',
    XDG_DATA_HOME: join(home, 'data'),
    XDG_CONFIG_HOME: join(home, 'config'),
    GIT_CONFIG_GLOBAL: '/dev/null',
  };
}

function script(): Record<string, unknown> {
  const [first = [], second = []] = layers;
  const nodes = [
    ...first.map((name) => planned(name, [])),
    ...second.map((name) => planned(name, first)),
  ];
  const plan = { status: 'pass', summary: 'the plan', nodes };
  const clean = { status: 'pass', summary: 'looked', findings: [] };
  return {
    plan: [{ do: 'sleep', ms: planMs }, handoff(plan)],
    review: [{ do: 'sleep', ms: reviewMs }, handoff(clean)],
    ...Object.fromEntries(
      layers
        .flat()
        .map((name) => [
          name,
          [
            { do: 'sleep', ms: workMs },
            { do: 'write', path: `${name}.txt`, text: `${name}\n` },
            handoff({ status: 'pass', summary: 'done', changed_files: [], commands: [] }),
          ],
        ]),
    ),
  };
}

function planned(name: string, needs: readonly string[]): Record<string, unknown> {
  const scope = { allow: [`${name}.txt`], deny: [] };
  return { name, role: 'implementation', task: `write ${name}.txt`, needs, write: true, scope };
}

function handoff(value: unknown): Record<string, unknown> {
  return { do: 'handoff', value };
}
