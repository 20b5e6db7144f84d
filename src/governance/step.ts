import { mkdir, rename, rmdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { errnoOf, fileProblem, writeWhole } from '../platform/files.ts';
import { parkedRef } from '../git/refs.ts';
import { openWorktree, removeWorktree } from '../git/worktree.ts';
import { removeFolder } from '../git/remove-folder.ts';
import { addToIndex } from '../store/kept-file.ts';
import { compressStreams } from './compress.ts';
import { folderDigest } from './folder-digest.ts';
import { isAtRest } from './old-runs.ts';
import type { Place } from './place.ts';
import { sizeOf } from './sizes.ts';

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
  /** A folder with nothing in it. */
  | { do: 'drop' }
  /** Into the archives, under this name; streams and logs of a run are compressed there. */
  | { do: 'archive'; to: string; from: string; files: number }
  /** Of a run that is in the archives already. */
  | { do: 'compress' }
);

/** `bytesAfter`: what is left of it, where that is something. */
export type Outcome = { refused: string } | { refused: null; bytesAfter: number | null };

const done: Outcome = { refused: null, bytesAfter: null };

/** Can be done again after it was cut off. */
export async function perform(place: Place, step: Step): Promise<Outcome> {
  if (step.run !== null && !isAtRest(place, { runId: step.run }))
    return { refused: `${step.run} goes on` };
  switch (step.do) {
    case 'make':
      await mkdir(step.path, { recursive: true, mode: 0o700 });
      return done;
    case 'write':
      await writeWhole(step.path, step.text);
      return done;
    case 'remove':
      await removeFolder(step.path);
      return done;
    case 'drop':
      return (await removeIfEmpty(step.path)) ? done : { refused: 'something is in it now' };
    case 'collect':
      return collect(place, step);
    case 'archive':
      return archive(place, step);
    case 'compress':
      return compress(place, step.path);
  }
}

async function collect(
  { repository }: Place,
  step: Extract<Step, { do: 'collect' }>,
): Promise<Outcome> {
  if (repository === null) return { refused: 'there is no repository to park it in' };
  const worktree = await openWorktree(repository, step.path);
  // A folder git does not know cannot be parked: a person looks at it.
  if (worktree === null) return { refused: 'git does not know it as a worktree' };
  await removeWorktree(repository, worktree, parkedRef(step.run ?? 'r-0', step.node, 1));
  // The folder of its run: other worktrees of it may still be there.
  await removeIfEmpty(dirname(step.path));
  return done;
}

async function removeIfEmpty(folder: string): Promise<boolean> {
  return rmdir(folder).then(
    () => true,
    (cause: unknown) => {
      const code = errnoOf(cause);
      if (code === 'ENOTEMPTY' || code === 'EEXIST') return false;
      if (code === 'ENOENT') return true;
      throw fileProblem(folder, cause);
    },
  );
}

/**
 * The index first: a move that was cut off is found in it, and one that was done twice is there twice, which harms nobody. Compressed
 * once it is there, file by file: a folder that was cut off is whole and is gone on with.
 */
async function archive(place: Place, step: Extract<Step, { do: 'archive' }>): Promise<Outcome> {
  const { paths, now } = place;
  const target = join(paths.archives, step.to);
  const { from, bytes, files } = step;
  const archivedAt = new Date(now).toISOString();
  // What a run left is compressed, and its receipts prove it; of anything else this is the only proof.
  const proof = step.run === null ? { digest: await folderDigest(step.path) } : {};
  await addToIndex(paths, { name: step.to, from, bytes, files, ...proof, archived_at: archivedAt });
  await rename(step.path, target);
  return step.run === null ? { refused: null, bytesAfter: bytes } : compress(place, target);
}

async function compress({ now }: Place, folder: string): Promise<Outcome> {
  await compressStreams(folder, now);
  return { refused: null, bytesAfter: (await sizeOf(folder)).bytes };
}
