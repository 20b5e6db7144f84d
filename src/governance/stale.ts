import { join } from 'node:path';
import { dayMs, oldRuns } from './old-runs.ts';
import { planArchive, planClean } from './plan.ts';
import { refsOf, runOfRef, runsOf, type Place } from './place.ts';
import { entriesOf } from './sizes.ts';

export type Stale = {
  name: string;
  ageDays: number | null;
  /** What cleaning frees, and what the archive would take out of the way. */
  cleanBytes: number;
  archiveBytes: number;
  /** Why it is worth a look, or has to be kept. */
  notes: string[];
};

/** Runs that ended long ago, worktrees and refs of runs that are not here, and what holds work that is nowhere else. */
export async function readStale(place: Place, olderThanMs: number): Promise<Stale[]> {
  const [clean, archive, unmerged, strangers] = await Promise.all([
    planClean(place, olderThanMs),
    planArchive(place, olderThanMs),
    unmergedRuns(place),
    strangersIn(place),
  ]);
  const bytesOf = (steps: typeof clean.steps, run: string): number =>
    steps.filter((step) => step.run === run).reduce((sum, { bytes }) => sum + bytes, 0);
  const runs = oldRuns(place, olderThanMs).map(({ runId, state, endedAt }): Stale => ({
    name: runId,
    ageDays: Math.floor((place.now - endedAt) / dayMs),
    cleanBytes: bytesOf(clean.steps, runId),
    archiveBytes: bytesOf(archive.steps, runId),
    notes: [
      state,
      ...(unmerged.has(runId) ? [`branch mo/${runId} is not merged, and is kept`] : []),
    ],
  }));
  return [...runs, ...strangers];
}

/** Runs whose branch holds commits that the checked out one does not. */
async function unmergedRuns({ repository }: Place): Promise<Set<string>> {
  if (repository === null) return new Set();
  const text = await repository.git.text([
    'for-each-ref',
    '--format=%(refname)',
    '--no-merged=HEAD',
    'refs/heads/mo/',
  ]);
  return new Set(text.split('\n').flatMap((ref) => runOfRef(ref) ?? []));
}

/** Another checkout of the repository has a workspace of its own, whose runs have refs here too: they are named, never touched. */
async function strangersIn(place: Place): Promise<Stale[]> {
  const known = new Set(runsOf(place).map(({ runId }) => runId));
  const nothing = { ageDays: null, cleanBytes: 0, archiveBytes: 0 };
  const found: Stale[] = [];
  for (const { name } of await entriesOf(place.paths.worktrees))
    if (!known.has(name))
      found.push({
        ...nothing,
        name: join('worktrees', name),
        notes: ['no run of this workspace is called so; look into it and remove it by hand'],
      });
  if (place.repository === null) return found;
  const runs = new Set(
    (await refsOf(place.repository.git)).flatMap(({ ref }) => runOfRef(ref) ?? []),
  );
  for (const run of [...runs].filter((one) => !known.has(one)).toSorted())
    found.push({
      ...nothing,
      name: `refs of ${run}`,
      notes: [
        'the run is not in this workspace: it may be that of another checkout. Its branch and parked work are kept',
      ],
    });
  return found;
}
