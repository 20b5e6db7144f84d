import { appendFile, mkdir, rename } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { writeWhole } from '../platform/files.ts';
import { parkedRef } from '../git/refs.ts';
import { openWorktree, removeWorktree } from '../git/worktree.ts';
import { removeFolder } from '../git/remove-folder.ts';
import { isAtRest } from './old-runs.ts';
import type { Place } from './place.ts';

/** One thing that is, or would be, done. `path`: absolute. */
export type Step = {
  path: string;
  bytes: number;
  ageDays: number | null;
  /** The run it belongs to: it is left alone when that has gone on meanwhile. */
  run: string | null;
} & (
  | { do: 'make' }
  | { do: 'write'; text: string; before: string | null }
  /** A worktree; what exists only there is parked first. */
  | { do: 'collect'; node: string }
  | { do: 'remove' }
  /** Into the archives, under this name. */
  | { do: 'archive'; to: string; from: string; files: number }
);

/** Null when it was done; else why not. Can be done again after it was cut off. */
export async function perform(place: Place, step: Step): Promise<string | null> {
  if (step.run !== null && !isAtRest(place, { runId: step.run })) return `${step.run} goes on`;
  switch (step.do) {
    case 'make':
      await mkdir(step.path, { recursive: true, mode: 0o700 });
      return null;
    case 'write':
      await writeWhole(step.path, step.text);
      return null;
    case 'remove':
      await removeFolder(step.path);
      return null;
    case 'collect':
      return collect(place, step);
    case 'archive':
      return archive(place, step);
  }
}

async function collect(
  { repository }: Place,
  step: Extract<Step, { do: 'collect' }>,
): Promise<string | null> {
  if (repository === null) return 'there is no repository to park it in';
  const worktree = await openWorktree(repository, step.path);
  // A folder git does not know cannot be parked: a person looks at it.
  if (worktree === null) return 'git does not know it as a worktree';
  await removeWorktree(repository, worktree, parkedRef(step.run ?? 'r-0', step.node, 1));
  return null;
}

/** The index first: a move that was cut off is found in it, and one that was done twice is there twice, which harms nobody. */
async function archive(
  { paths, now }: Place,
  step: Extract<Step, { do: 'archive' }>,
): Promise<null> {
  const target = join(paths.archives, step.to);
  await mkdir(dirname(target), { recursive: true, mode: 0o700 });
  const { from, bytes, files } = step;
  const entry = { name: step.to, from, bytes, files, archived_at: new Date(now).toISOString() };
  await appendFile(join(paths.archives, 'index.ndjson'), `${JSON.stringify(entry)}\n`);
  await rename(step.path, target);
  return null;
}
