import { readFileSync, readlinkSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { RunEvent } from '../../../src/core/event.ts';
import { nodeViewOf, viewOf } from '../../../src/core/view.ts';
import type { EndClass } from '../../../src/core/worker.ts';
import { readRun } from '../../../src/engine/read-run.ts';
import type { Store } from '../../../src/store/store.ts';
import { processesIn } from '../processes.ts';
import type { Rig } from '../rig.ts';
import { nameEvents } from './boundary.ts';

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

export async function remainsOf({
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

function countEach(words: readonly string[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const word of words.toSorted()) counts[word] = (counts[word] ?? 0) + 1;
  return counts;
}

export function linesOf(text: string): string[] {
  return text.split('\n').filter((line) => line !== '');
}
