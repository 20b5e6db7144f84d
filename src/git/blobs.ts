import { records, type Git } from './git.ts';
import { rawChanges } from './raw-changes.ts';

export type ChangedFile = {
  path: string;
  object: string;
  /** Six octal digits: `100644` or `100755`. */
  mode: string;
  /** What was a file there before, under its old name where it was renamed; null for a new one. */
  before: string | null;
};

/** The regular files that differ from one tree to another and are there in the second one. */
export async function changedFiles(git: Git, from: string, to: string): Promise<ChangedFile[]> {
  const args = ['diff-tree', '-r', '-z', '-M', '--raw', '--full-index', '--no-ext-diff', from, to];
  const { changes } = rawChanges(records(await git.text(args)));
  return changes
    .filter(({ newMode }) => isFile(newMode))
    .map(({ path, newObject, newMode, oldMode, oldObject }) => ({
      path,
      object: newObject,
      mode: newMode,
      before: isFile(oldMode) ? oldObject : null,
    }));
}

/** The files whose content a merge has made: they are as in none of its parents. */
export async function mergedFiles(git: Git, merge: string): Promise<string[]> {
  const args = ['diff-tree', '-r', '-c', '-z', '--name-only', '--no-commit-id', merge];
  return records(await git.text(args));
}

/** The regular files of a commit's tree by path, in the order of git, each with its object. */
export async function filesOfTree(git: Git, commit: string): Promise<ReadonlyMap<string, string>> {
  const listed = records(await git.text(['ls-tree', '-r', '-z', '--full-tree', commit]));
  const files = new Map<string, string>();
  for (const entry of listed) {
    const [mode = '', , object = ''] = entry.slice(0, entry.indexOf('\t')).split(' ');
    if (isFile(mode)) files.set(entry.slice(entry.indexOf('\t') + 1), object);
  }
  return files;
}

/** Bytes of each object. */
export async function blobSizes(
  git: Git,
  objects: readonly string[],
): Promise<ReadonlyMap<string, number>> {
  if (objects.length === 0) return new Map();
  const args = ['cat-file', '--batch-check=%(objectname) %(objectsize)'];
  const text = await git.text(args, { stdin: `${[...new Set(objects)].join('\n')}\n` });
  return new Map(
    text.split('\n').flatMap((line) => {
      const [object = '', size = ''] = line.split(' ');
      return /^\d+$/.test(size) ? [[object, Number(size)] as const] : [];
    }),
  );
}

/** The bytes of the objects as they are in git, whatever filters a checkout would apply. All of them are held in memory, at most 100 MB. */
export async function readBlobs(
  git: Git,
  objects: readonly string[],
): Promise<ReadonlyMap<string, Buffer>> {
  const wanted = [...new Set(objects)];
  if (wanted.length === 0) return new Map();
  const text = await git.text(['cat-file', '--batch'], {
    stdin: `${wanted.join('\n')}\n`,
    encoding: 'latin1',
  });
  const blobs = new Map<string, Buffer>();
  // `<object> blob <size>`, a line break, the bytes, a line break.
  for (let at = 0; at < text.length;) {
    const end = text.indexOf('\n', at);
    const [object = '', , size = ''] = text.slice(at, end).split(' ');
    const start = end + 1;
    at = /^\d+$/.test(size) ? start + Number(size) + 1 : start;
    if (at > start) blobs.set(object, Buffer.from(text.slice(start, at - 1), 'latin1'));
  }
  return blobs;
}

function isFile(mode: string): boolean {
  return mode.startsWith('100');
}
