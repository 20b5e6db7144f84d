import { execa } from 'execa';
import { mkdir, readdir, readFile } from 'node:fs/promises';
import { readFileSync, readlinkSync } from 'node:fs';
import { basename, join } from 'node:path';
import type { RunEvent, RunSpec } from '../../../src/core/event.ts';
import { isOver, nodeViewOf, viewOf } from '../../../src/core/view.ts';
import type { EndClass } from '../../../src/core/worker.ts';
import { readRun } from '../../../src/engine/read-run.ts';
import { systemClock } from '../../../src/platform/clock.ts';
import { openStore, type Store } from '../../../src/store/store.ts';
import { aRunSpec } from '../../core/build.ts';
import { processesIn } from '../processes.ts';
import { makeRig, type Rig } from '../rig.ts';
import { nameEvents, type Boundary } from './boundary.ts';

const mo = join(import.meta.dirname, '../../../dist/mo.mjs');

/** How an owner ends: at a boundary, alone or with its group and all its workers and gates at that moment. */
export type Death = { at: Boundary; company: 'alone' | 'workers' };

/** A run in a repository of its own whose owners are children of the test. */
export type CrashRig = {
  rig: Rig;
  store: Store;
  runId: string;
  /** Events that came first in their transaction, as the mortal owners wrote them down. */
  appends: () => Promise<string[]>;
  /** Executes the run to its end, owner after owner: one for each death, then those a user has. What is asked is answered at once. How many have died. */
  live: (deaths: readonly Death[]) => Promise<number>;
  remains: () => Promise<Remains>;
  /** What the owners said. */
  log: () => Promise<string>;
  end: () => Promise<void>;
};

/** What a run has come to, in a form in which two runs of the same workflow can be compared. */
export type Remains = {
  state: string;
  /** Of `main`. */
  tree: string;
  nodes: Record<string, string>;
  /** How often each node's worker really began. */
  executions: Record<string, number>;
  /** Attempts whose worker was gone before it had answered. */
  lost: Record<string, number>;
  /** Decisions that must not be made twice, how often each was made. */
  decisions: Record<string, number>;
  /** Commits of each node on `main` that are no merges. */
  commits: Record<string, number>;
  /** Landings that `main` holds more often than they were recorded. */
  landedTwice: string[];
  /** By node and whether they are stale. */
  receipts: string[];
  /** Processes, worktrees, temp folders, raw output that nobody has taken away. */
  left: string[];
  /** What the stored state has and the events do not fold to. */
  unfolded: string[];
};

export async function makeCrashRig(
  owner: string,
  { spec, scripts }: { spec: Partial<RunSpec>; scripts: unknown },
): Promise<CrashRig> {
  const rig = await makeRig();
  const temporary = join(rig.folder, 'tmp');
  await mkdir(temporary);
  await rig.script(scripts);
  const store = await openStore(rig.repo, { clock: systemClock });
  const base = (await rig.git('rev-parse', 'HEAD')).trim();
  // Processes are told apart by the name of their run, and several runs go on at once.
  const goal = basename(rig.folder).replaceAll(/[^A-Za-z0-9]/g, '');
  const whole = { ...aRunSpec([]), goal, project: rig.repo, base, target: 'main', ...spec };
  const { runId } = store.createRun({ spec: whole, clientKey: null });
  const appends = join(rig.folder, 'appends');
  const env = { ...rig.env, TMPDIR: temporary, CRASH_LOG: appends };
  const logFile = store.paths.ownerLog(runId);
  const life = async (argv: string[], extra: Record<string, string>): Promise<boolean> => {
    const result = await execa(process.execPath, [...argv, runId], {
      cwd: rig.repo,
      env: { ...env, ...extra },
      extendEnv: false,
      reject: false,
      // In a group of its own, as `ensureOwner` starts one.
      detached: true,
      stdin: 'ignore',
      stdout: 'ignore',
      stderr: { file: logFile, append: true },
    });
    if (result.signal === 'SIGKILL') return true;
    if (result.exitCode === 0) return false;
    throw new Error(`an owner ended with ${result.exitCode}:\n${await readFile(logFile, 'utf8')}`);
  };
  return {
    rig,
    store,
    runId,
    appends: async () => linesOf(await readFile(appends, 'utf8')),
    live: async (deaths) => {
      const answering = new AbortController();
      const answers = answerAll(store, runId, answering.signal);
      let died = 0;
      try {
        while (!isOver(store.view(runId).state)) {
          const death = deaths[died];
          const hasDied = await (death === undefined && died > 0
            ? life([mo, 'owner'], {})
            : life([owner], deathOf(death)));
          if (hasDied) died += 1;
          answers.now();
        }
      } finally {
        answering.abort();
        await answers.ended;
      }
      return died;
    },
    remains: () => remainsOf({ rig, store, runId, temporary }),
    log: () => readFile(logFile, 'utf8'),
    end: async () => {
      store.close();
      await rig.end();
    },
  };
}

function deathOf(death: Death | undefined): Record<string, string> {
  if (death === undefined) return {};
  const { at, company } = death;
  return { CRASH_WHEN: at.when, CRASH_AT: at.event, CRASH_WITH: company };
}

/** Says yes to each question once, as soon as it is asked. */
function answerAll(store: Store, runId: string, signal: AbortSignal) {
  const answered = new Set<string>();
  const now = (): void => {
    for (const { id } of store.view(runId).requests) {
      if (answered.has(id)) continue;
      answered.add(id);
      store.sendSignal(runId, { kind: 'answer', request: id, choice: 'yes', text: '' });
    }
  };
  const watch = async (): Promise<void> => {
    while (!signal.aborted) {
      now();
      await store.waitForPulse(runId, { signal, timeoutMs: 10_000 });
    }
  };
  return { now, ended: watch() };
}

const decisive: RunEvent['type'][] = [
  'node.verified',
  'node.landed',
  'node.admitted',
  'node.skipped',
  'node.failed',
  'node.blocked',
  'nodes.added',
  'nodes.invalidated',
  'review.judged',
  'run.asked',
  'run.answered',
  'run.verified',
  'run.refused',
  'run.landed',
  'land.refused',
  'run.finished',
];

async function remainsOf({
  rig,
  store,
  runId,
  temporary,
}: {
  rig: Rig;
  store: Store;
  runId: string;
  temporary: string;
}): Promise<Remains> {
  const run = readRun(store, runId);
  const events = store.readEvents(runId, 0, 100_000);
  const name = nameEvents();
  const decisions = events
    .filter(({ event }) => decisive.includes(event.type))
    .map(({ event }) => name(event).replace(/ [0-9]+$/, ''));
  const started = await readFile(join(rig.folder, 'executions'), 'utf8').catch(() => '');
  const log = await rig.git(
    'log',
    `mo/${runId}`,
    '--format=%P%x09%(trailers:key=Mo-Node,valueonly,separator=%x20)',
  );
  const commits = linesOf(log).map((line) => {
    const [parents = '', node = ''] = line.split('\t');
    return { isMerge: parents.includes(' '), node };
  });
  const counted = countEach(decisions);
  const merges = countEach(commits.filter((one) => one.isMerge).map((one) => one.node));
  const last = events.at(-1);
  return {
    state: store.view(runId).state,
    tree: await rig.git('ls-tree', '-r', 'main'),
    nodes: Object.fromEntries([...run.nodes].map(([node, { state }]) => [node, state.status])),
    executions: countEach(linesOf(started)),
    lost: countEach(
      [...run.nodes].flatMap(([node, { attempts }]) =>
        attempts.filter(({ ending }) => isGone(ending?.class)).map(() => node),
      ),
    ),
    decisions: counted,
    commits: countEach(
      commits.filter((one) => !one.isMerge && one.node !== '').map((one) => one.node),
    ),
    landedTwice: Object.keys(merges).filter(
      (node) => (merges[node] ?? 0) > (counted[`node.landed ${node}`] ?? 0),
    ),
    receipts: store
      .receipts(runId)
      .map(({ node, stale }) => (stale ? `${node} stale` : node))
      .toSorted(),
    left: await leftOf({ rig, runId, store, temporary }),
    unfolded: [
      ...differences('the run', viewOf(run, last?.at ?? 0), store.view(runId)),
      ...store.nodes(runId, 1_000).flatMap((view) => {
        const node = run.nodes.get(view.name);
        return differences(view.name, node === undefined ? null : nodeViewOf(node), view);
      }),
      ...events.flatMap(({ seq }, index) =>
        seq === index + 1 ? [] : [`event ${seq} is number ${index + 1}`],
      ),
    ],
  };
}

async function leftOf({
  rig,
  runId,
  store,
  temporary,
}: {
  rig: Rig;
  runId: string;
  store: Store;
  temporary: string;
}): Promise<string[]> {
  const worktrees = linesOf(await rig.git('worktree', 'list', '--porcelain'));
  const files = await readdir(store.paths.runFolder(runId), { recursive: true });
  return [
    ...(await processesIn(rig.folder, runId)).map(describe),
    ...worktrees.filter((line) => line.startsWith('worktree ')).slice(1),
    ...(await readdir(store.paths.runWorktrees(runId)).catch(() => [])),
    ...(await readdir(temporary)),
    ...files.filter((file) => file.endsWith('raw.ndjson')),
    ...linesOf(await rig.git('status', '--porcelain')),
  ];
}

function describe(pid: number): string {
  try {
    const argv = readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ');
    return `process ${pid}: ${argv} in ${readlinkSync(`/proc/${pid}/cwd`)} of ${/PPid:\s*(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]}`;
  } catch {
    return `process ${pid}, gone by now`;
  }
}

function isGone(end: EndClass | undefined): boolean {
  return end === 'lost' || end === 'crashed';
}

function differences(of: string, folded: unknown, stored: unknown): string[] {
  const [one, other] = [folded, stored].map((value) => JSON.stringify(value));
  return one === other ? [] : [`${of}: ${other} instead of ${one}`];
}

export function countEach(words: readonly string[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const word of words.toSorted()) counts[word] = (counts[word] ?? 0) + 1;
  return counts;
}

function linesOf(text: string): string[] {
  return text.split('\n').filter((line) => line !== '');
}
