import { mkdirSync, readdirSync } from 'node:fs';
import { foldRun } from '../core/apply.ts';
import type { RunEvent, RunSpec } from '../core/event.ts';
import { slug } from '../core/names.ts';
import { nodeViewOf, viewOf } from '../core/view.ts';
import { fileProblem } from '../platform/files.ts';
import type { Database } from './database.ts';
import { insertEvents } from './event-table.ts';
import { insertLease } from './lease-table.ts';
import { putNodes } from './node-table.ts';
import type { WorkspacePaths } from './paths.ts';
import { insertRun, nextRunNumber, runOfClientKey, updateView } from './run-table.ts';

export type NewRun = {
  spec: Omit<RunSpec, 'runId'>;
  /** The same key again is the same run, whatever the spec says then. */
  clientKey: string | null;
  /** Numbers up to this one are taken: the runs of other checkouts share the branches of the repository. */
  above?: number;
};

/** Run, nodes and `run.created` in one transaction, and the run's folder. */
export function createRun(
  database: Database,
  wish: NewRun & { paths: WorkspacePaths; now: number },
): { runId: string; existed: boolean } {
  return database.transaction(() => {
    const existing = wish.clientKey === null ? null : runOfClientKey(database, wish.clientKey);
    if (existing !== null) return { runId: existing, existed: true };
    const taken = Math.max(lastNumberOnDisk(wish.paths), wish.above ?? 0);
    const number = Math.max(nextRunNumber(database), taken + 1);
    const runId = [`r-${number}`, slug(wish.spec.goal)].filter((part) => part !== '').join('-');
    insertCreated(database, { ...wish, number, spec: { ...wish.spec, runId } });
    makeRunFolder(wish.paths, runId);
    return { runId, existed: false };
  });
}

function insertCreated(
  database: Database,
  created: { number: number; spec: RunSpec; clientKey: string | null; now: number },
): void {
  const { number, spec, clientKey, now: at } = created;
  const { runId, name, goal } = spec;
  const event: RunEvent = { type: 'run.created', spec };
  const run = foldRun([{ runId, seq: 1, at, epoch: 0, event }]);
  if (run === null) throw new Error('run.created folds to no run');
  const view = viewOf(run, at);
  insertRun(database, { runId, number, name, goal, createdAt: at, clientKey, view });
  insertLease(database, number, at);
  insertEvents(database, { run: number, seq: 1, at, epoch: 0, events: [event] });
  updateView(database, { number, lastSeq: 1, view });
  putNodes(database, { run: number, seq: 1, nodes: [...run.nodes.values()].map(nodeViewOf) });
}

/** A database that was moved aside leaves folders and branches of its runs behind; their numbers stay theirs. */
function lastNumberOnDisk(paths: WorkspacePaths): number {
  try {
    const numbers = readdirSync(paths.runs).map((name) =>
      Number(/^r-([0-9]{1,9})\b/.exec(name)?.[1] ?? 0),
    );
    return numbers.reduce((highest, number) => Math.max(highest, number), 0);
  } catch (cause) {
    throw fileProblem(paths.runs, cause);
  }
}

function makeRunFolder(paths: WorkspacePaths, runId: string): void {
  const folder = paths.runFolder(runId);
  try {
    mkdirSync(folder, { mode: 0o700 });
  } catch (cause) {
    throw fileProblem(folder, cause);
  }
}
