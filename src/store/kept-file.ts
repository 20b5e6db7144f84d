import { appendFile, mkdir, readdir, rename, stat } from 'node:fs/promises';
import { isAbsolute, join, relative, sep } from 'node:path';
import { compressedSuffix, readCompressed } from '../platform/compressed-file.ts';
import { errnoOf, readText } from '../platform/files.ts';
import type { WorkspacePaths } from './paths.ts';

/**
 * Where a file of a run is now: where it was written, or in the archives, as it was or compressed (then its name ends in `.gz`). null:
 * nowhere.
 */
export async function findKept(paths: WorkspacePaths, file: string): Promise<string | null> {
  for await (const home of homesOf(paths, file))
    for (const name of [home, `${home}${compressedSuffix}`]) if (await isThere(name)) return name;
  return null;
}

/** Its text, or null when it is nowhere. */
export async function readKept(paths: WorkspacePaths, file: string): Promise<string | null> {
  const found = await findKept(paths, file);
  if (found === null || !found.endsWith(compressedSuffix)) return readText(found ?? file);
  const pieces: Buffer[] = [];
  for await (const piece of readCompressed(found)) pieces.push(piece);
  return Buffer.concat(pieces).toString();
}

/** Where the folder of a run is now; where it would be made, if it is nowhere. */
export async function homeOfRun(paths: WorkspacePaths, runId: string): Promise<string> {
  const folder = paths.runFolder(runId);
  return (await findKept(paths, folder)) ?? folder;
}

/** A run that is to go on leaves the archives: whoever executes it writes where it was made. The index tells that it came and went. */
export async function takeBack(paths: WorkspacePaths, runId: string, now: number): Promise<void> {
  const folder = paths.runFolder(runId);
  const home = await homeOfRun(paths, runId);
  if (home === folder) return;
  const name = relative(paths.archives, home);
  await addToIndex(paths, { name, taken_back_at: new Date(now).toISOString() });
  await rename(home, folder);
}

export function indexFile({ archives }: Pick<WorkspacePaths, 'archives'>): string {
  return join(archives, 'index.ndjson');
}

/** A line of `archives/index.ndjson`, before what it tells of is done. */
export async function addToIndex(
  paths: WorkspacePaths,
  entry: Readonly<Record<string, string | number>>,
): Promise<void> {
  await mkdir(paths.archives, { recursive: true, mode: 0o700 });
  await appendFile(indexFile(paths), `${JSON.stringify(entry)}\n`);
}

/** `runs/<run>/…`, then `archives/<run>.2/…`, `archives/<run>/…`: what was archived last comes first. */
async function* homesOf(paths: WorkspacePaths, file: string): AsyncGenerator<string> {
  yield file;
  const below = relative(paths.runs, file);
  const [runId = '', ...rest] = below.split(sep);
  if (runId === '' || runId === '..' || isAbsolute(below)) return;
  const names = (await namesIn(paths.archives)).flatMap((name) => {
    const number = numberOf(name, runId);
    return number === null ? [] : [{ name, number }];
  });
  for (const { name } of names.toSorted((one, other) => other.number - one.number))
    yield join(paths.archives, name, ...rest);
}

function numberOf(name: string, runId: string): number | null {
  if (name === runId) return 1;
  const number = name.startsWith(`${runId}.`) ? Number(name.slice(runId.length + 1)) : Number.NaN;
  return Number.isSafeInteger(number) ? number : null;
}

async function namesIn(folder: string): Promise<string[]> {
  return readdir(folder).catch((cause: unknown) => {
    if (errnoOf(cause) === 'ENOENT') return [];
    throw cause;
  });
}

async function isThere(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    (cause: unknown) => {
      const code = errnoOf(cause);
      if (code === 'ENOENT' || code === 'ENOTDIR') return false;
      throw cause;
    },
  );
}
