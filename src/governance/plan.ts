import { lstat } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { readText } from '../platform/files.ts';
import { findStreams } from './compress.ts';
import { hasPolicy, policyFiles, withoutPolicy, withPolicy } from './policy-section.ts';
import { dayMs, isAtRest, oldRuns } from './old-runs.ts';
import { runsOf, type Place } from './place.ts';
import { entriesOf, sizeOf } from './sizes.ts';
import type { Step } from './step.ts';

/** `kept`: what is not touched, and why. */
export type Plan = { steps: Step[]; kept: { path: string; why: string }[] };

/** The workspace, its archives and the file that keeps git away from it. */
export async function planInit({ paths }: Place): Promise<Plan> {
  const steps: Step[] = [];
  for (const path of [paths.folder, paths.runs, paths.worktrees, paths.archives])
    if (!(await isThere(path)))
      steps.push({ do: 'make', path, bytes: 0, ageDays: null, run: null });
  const ignores = await readText(paths.gitignore);
  if (ignores === null)
    steps.push({ ...bare(paths.gitignore), do: 'write', text: '*\n', before: null });
  return { steps, kept: [] };
}

/** Worktrees of runs that are over. Evidence stays: a raw stream that is still there was asked for with `keep_raw`. */
export async function planClean(place: Place, olderThanMs: number): Promise<Plan> {
  const plan: Plan = { steps: [], kept: [] };
  const old = new Map(oldRuns(place, olderThanMs).map((run) => [run.runId, run]));
  for (const folder of await entriesOf(place.paths.worktrees)) {
    const run = old.get(folder.name);
    const path = join(place.paths.worktrees, folder.name);
    if (run === undefined) {
      plan.kept.push({ path, why: whyKept(place, folder.name, olderThanMs) });
      continue;
    }
    const worktrees = await entriesOf(path);
    if (worktrees.length === 0 && folder.isDirectory())
      plan.steps.push({ do: 'drop', path, ...(await ofRun(place, run, path)) });
    for (const one of worktrees) {
      const worktree = join(path, one.name);
      plan.steps.push({
        do: 'collect',
        path: worktree,
        node: one.name.replace(/^\./, '').replaceAll('.', '-'),
        ...(await ofRun(place, run, worktree)),
      });
    }
  }
  return plan;
}

/**
 * Folders of runs that are over leave `runs/` and are compressed; rows, branches and refs stay. What others have reused of a run is looked
 * up where it was made. What an archive that was cut off, or an earlier version, left uncompressed is gone on with.
 */
export async function planArchive(place: Place, olderThanMs: number): Promise<Plan> {
  const { steps, kept }: Plan = { steps: [], kept: [] };
  const reused = reusedRuns(place);
  for (const run of oldRuns(place, olderThanMs)) {
    const path = place.paths.runFolder(run.runId);
    if (!(await isThere(path))) continue;
    const by = reused.get(run.runId);
    if (by !== undefined) {
      kept.push({ path, why: `${by} has reused what it proved` });
      continue;
    }
    const { bytes, files } = await sizeOf(path);
    const from = relative(place.root, path);
    const to = await freeName(place, run.runId);
    steps.push({ do: 'archive', path, to, from, files, ...(await ofRun(place, run, path)), bytes });
  }
  return { steps: [...steps, ...(await uncompressed(place))], kept };
}

async function uncompressed({ paths, now }: Place): Promise<Step[]> {
  const steps: Step[] = [];
  for (const { name } of await entriesOf(paths.archives)) {
    const path = join(paths.archives, name);
    if (!/^r-[0-9]/.test(name)) continue;
    const { streams, left } = await findStreams(path, now);
    if (streams.length + left.length === 0) continue;
    const { bytes } = await sizeOf(path);
    steps.push({ ...bare(path), do: 'compress', bytes });
  }
  return steps;
}

/** By run that was reused from: one of those that did. */
function reusedRuns(place: Place): Map<string, string> {
  return new Map(
    runsOf(place).flatMap(({ runId }) =>
      (place.store?.nodes(runId, mostNodes) ?? []).flatMap(({ reused }): [string, string][] =>
        reused === null ? [] : [[reused.run, runId]],
      ),
    ),
  );
}

const mostNodes = 20_000;

/** What earlier systems have left in a project. */
const foreign = ['.agent-workspace/claude-code-orchestrator', '.orchestrator'];

export async function planMigrate(place: Place): Promise<Plan> {
  const { steps, kept }: Plan = { steps: [], kept: [] };
  for (const from of foreign) {
    const path = join(place.root, from);
    if (!(await isThere(path))) continue;
    if (await isTracked(place, from)) {
      kept.push({ path, why: `git tracks it: git rm -r --cached ${from} first` });
      continue;
    }
    const { bytes, files } = await sizeOf(path);
    const to = await freeName(place, from.split('/').at(-1)?.replace(/^\./, '') ?? from);
    steps.push({ do: 'archive', path, to, from, bytes, files, ageDays: null, run: null });
  }
  return { steps, kept };
}

/** Moving it would delete files of the project. */
async function isTracked({ repository }: Place, path: string): Promise<boolean> {
  if (repository === null) return false;
  const listed = await repository.git.text(['ls-files', '-z', '--', path]);
  return listed !== '';
}

/** mo's section in the files that the CLIs read; all else in them stays letter by letter. */
export async function planPolicy(place: Place, remove: boolean): Promise<Plan> {
  const steps: Step[] = [];
  const kept: Plan['kept'] = [];
  for (const name of policyFiles) {
    const path = join(place.root, name);
    const before = await readText(path);
    if (remove && (before === null || !hasPolicy(before))) continue;
    const text = remove ? withoutPolicy(before ?? '') : withPolicy(before ?? '');
    if (text === before) kept.push({ path, why: 'it holds the section already' });
    else if (text === '') steps.push({ ...bare(path), do: 'remove' });
    else steps.push({ ...bare(path), do: 'write', text, before });
  }
  return { steps, kept };
}

function bare(path: string) {
  return { path, bytes: 0, ageDays: null, run: null };
}

async function ofRun({ now }: Place, run: { runId: string; endedAt: number }, path: string) {
  const { bytes } = await sizeOf(path);
  return { run: run.runId, bytes, ageDays: Math.floor((now - run.endedAt) / dayMs) };
}

function whyKept(place: Place, runId: string, olderThanMs: number): string {
  const row = runsOf(place).find((one) => one.runId === runId);
  if (row === undefined) return 'no run of this workspace is called so';
  if (!isAtRest(place, row)) return `the run is ${row.view.state}`;
  const days = Math.ceil(olderThanMs / dayMs);
  return `the run ended less than ${days === 1 ? '1 day' : `${days} days`} ago; project_apply {action: "clean", older_than_days: 0} takes it`;
}

async function freeName({ paths }: Place, wanted: string): Promise<string> {
  const taken = new Set((await entriesOf(paths.archives)).map(({ name }) => name));
  for (let number = 1; ; number += 1) {
    const name = number === 1 ? wanted : `${wanted}.${number}`;
    if (!taken.has(name)) return name;
  }
}

async function isThere(path: string): Promise<boolean> {
  return lstat(path).then(
    () => true,
    () => false,
  );
}
