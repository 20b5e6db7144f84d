import { createHash } from 'node:crypto';
import { lstat, mkdir, readdir, readFile, realpath, rename, rm, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { MoError } from '../core/problem.ts';
import { errnoOf, fileProblem } from '../platform/files.ts';

/** The files of a folder by their path in it, with `/`. */
export type FolderFiles = ReadonlyMap<string, Buffer>;

/** null: there is no such folder. */
export async function readFolder(folder: string): Promise<FolderFiles | null> {
  const files = new Map<string, Buffer>();
  try {
    for (const entry of await readdir(folder, { recursive: true, withFileTypes: true })) {
      if (entry.isDirectory()) continue;
      const path = join(entry.parentPath, entry.name);
      files.set(path.slice(folder.length + 1).replaceAll('\\', '/'), await readFile(path));
    }
    return files;
  } catch (cause) {
    const reason = errnoOf(cause);
    if (reason === 'ENOENT') return null;
    if (reason === null) throw cause;
    throw new MoError({ code: 'file-unreadable', file: folder, reason }, { cause });
  }
}

export function hashOfFolder(files: FolderFiles): string {
  const hash = createHash('sha256');
  for (const [path, content] of [...files].toSorted(([a], [b]) => (a < b ? -1 : 1))) {
    hash.update(`${path}\0${content.length}\0`).update(content);
  }
  return hash.digest('hex');
}

/** The folder is what it was or whole: made beside it and put in its place. */
export async function writeFolder(folder: string, files: FolderFiles): Promise<void> {
  const target = await targetOf(folder);
  await removeUnfinished(folder);
  const next = `${unfinishedPrefix(target)}${process.pid}`;
  try {
    for (const [path, content] of files) {
      await mkdir(dirname(join(next, path)), { recursive: true });
      await writeFile(join(next, path), content);
    }
    await rm(target, { recursive: true, force: true });
    await rename(next, target);
  } catch (cause) {
    await rm(next, { recursive: true, force: true });
    throw fileProblem(target, cause);
  }
}

/** What an installation that was cut off has left beside it. */
export async function removeUnfinished(folder: string): Promise<void> {
  const prefix = unfinishedPrefix(await targetOf(folder));
  const names = await readdir(dirname(prefix)).catch((cause: unknown) => {
    if (errnoOf(cause) === 'ENOENT') return [];
    throw fileProblem(folder, cause);
  });
  for (const name of names) {
    const path = join(dirname(prefix), name);
    if (path.startsWith(prefix)) await rm(path, { recursive: true, force: true });
  }
}

function unfinishedPrefix(target: string): string {
  return join(dirname(target), `.${basename(target)}.mo-`);
}

/** A folder of a dotfile repository may be a link. */
export async function targetOf(folder: string): Promise<string> {
  const isLink = await lstat(folder).then(
    (found) => found.isSymbolicLink(),
    () => false,
  );
  return isLink ? realpath(folder) : folder;
}
