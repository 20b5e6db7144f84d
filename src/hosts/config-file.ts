import { createHash } from 'node:crypto';
import {
  access,
  chmod,
  constants,
  mkdir,
  readdir,
  realpath,
  rm,
  rmdir,
  stat,
} from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { z } from 'zod';
import { MoError } from '../core/problem.ts';
import { errnoOf, readText, writeWhole } from '../platform/files.ts';

/** A file of a host as it is now. */
export type ConfigFile = {
  file: string;
  /** What a link at the end leads to; the same as `file` without one. */
  target: string;
  /** null: there is no such file. */
  text: string | null;
  mode: number;
};

/** What was done to a file, to undo it. */
export const fileMark = z.object({
  file: z.string(),
  /** SHA-256 before mo came; null: there was no file; empty: not known. */
  before: z.string().nullable(),
  /** The same when mo was done; null: it was cut off in the middle. */
  after: z.string().nullable(),
  backup: z.string().nullable(),
  /** Folders that were made for it, the outermost first. */
  madeFolders: z.array(z.string()),
});
export type FileMark = z.infer<typeof fileMark>;

/** Throws `file-unreadable`, and `workspace-unwritable` for one that nobody may write: what is read-only is so on purpose. */
export async function readConfigFile(file: string): Promise<ConfigFile> {
  const target = await realpath(file).catch((cause: unknown) => {
    if (errnoOf(cause) === 'ENOENT') return file;
    throw new MoError({ code: 'file-unreadable', file, reason: String(errnoOf(cause)) }, { cause });
  });
  const text = await readText(target);
  if (text === null) return { file, target, text, mode: 0o600 };
  const { mode } = await stat(target);
  const refused = (mode & 0o200) === 0 ? 'EACCES' : await refusal(target);
  if (refused !== null) throw new MoError({ code: 'config-read-only', file, reason: refused });
  return { file, target, text, mode: mode & 0o777 };
}

/** `announce`: told before anything is written what would undo it; null: nothing was written after all. */
export type Change = {
  stamp: string;
  /** What an earlier change of the same file has left. */
  known: FileMark | null;
  announce: (mark: FileMark | null) => Promise<void>;
};

/**
 * Changes a file through `write`, which may be the host's own command, with a copy beside it first. The mode is kept. Answers with what
 * is needed to undo it.
 */
export async function changeConfigFile(
  config: ConfigFile,
  { stamp, known, announce }: Change,
  write: (config: ConfigFile) => Promise<void>,
): Promise<FileMark> {
  const now = hashOf(config.text);
  const backup = config.text === null ? null : await freeBackup(config.file, stamp);
  const missing = await missingFolders(dirname(config.target));
  const mark = {
    file: config.file,
    ...startOf(known, { before: now, backup }),
    madeFolders: [...(known?.madeFolders ?? []), ...missing],
  };
  await announce({ ...mark, after: null });
  const madeFolders = await makeFolders(dirname(config.target));
  if (backup !== null && config.text !== null) await writeWhole(backup, config.text, config.mode);
  try {
    await write(config);
  } catch (cause) {
    const isUntouched = hashOf(await readText(config.target)) === now;
    if (isUntouched && backup !== null) await rm(backup, { force: true });
    if (isUntouched) await removeEmpty(madeFolders);
    if (isUntouched) await announce(null);
    throw cause;
  }
  const after = await readText(config.target);
  if (config.text !== null && after !== null) await chmod(config.target, config.mode);
  await dropOldBackups(config.file, mark.backup);
  return { ...mark, after: hashOf(after) ?? '' };
}

type Start = Pick<FileMark, 'before' | 'backup'>;

/** Where mo came to the file first. Changed in between: no bytes are known that hold nothing of mo's. */
function startOf(known: FileMark | null, first: Start): Start {
  if (known === null || known.before === first.before) return first;
  if (known.after !== first.before) return { before: '', backup: null };
  return { before: known.before, backup: known.backup };
}

/**
 * The mark of a change that was cut off, as if it had come to its end. `isOurs`: whether what stands there now differs from what stood
 * there before in nothing but what mo writes.
 */
export async function settledMark(
  mark: FileMark,
  isOurs: (now: string, before: string | null) => boolean,
): Promise<FileMark> {
  if (mark.after !== null) return mark;
  const { text } = await readConfigFile(mark.file);
  const now = hashOf(text);
  if (now === mark.before) return { ...mark, after: now ?? '' };
  const before = mark.backup === null ? null : await readText(mark.backup);
  const isKnown = hashOf(before) === mark.before;
  if (text !== null && isKnown && isOurs(text, before)) return { ...mark, after: hashOf(text) };
  return { ...mark, before: '', after: now ?? '', backup: null };
}

export async function writeText(config: ConfigFile, text: string): Promise<void> {
  await writeWhole(config.target, text, config.mode);
}

/** What the host has written to the file since, in its own work: the mark goes on from there. */
export async function remarked(mark: FileMark): Promise<FileMark> {
  return { ...mark, after: hashOf(await readText(mark.file)) ?? '' };
}

/** Puts the bytes back that were there before, where nobody has changed the file since. False: somebody has. */
export async function restoreFile(mark: FileMark): Promise<boolean> {
  const config = await readConfigFile(mark.file);
  if (hashOf(config.text) === mark.before) return true;
  if (hashOf(config.text) !== mark.after) return false;
  if (mark.before === null) {
    await rm(config.target, { force: true });
    return true;
  }
  const before = mark.backup === null ? null : await readText(mark.backup);
  if (before === null || hashOf(before) !== mark.before) return false;
  await writeText(config, before);
  return true;
}

/** Backups that other parts still need. */
export type Needed = { needed: ReadonlySet<string> };

/** Removes what mo has laid beside a file, but for the backups others still need, and the folders it was put in, as far as they are empty. */
export async function tidyUp(mark: FileMark, needed: ReadonlySet<string>): Promise<void> {
  for (const backup of await backupsOf(mark.file)) {
    if (!needed.has(backup)) await rm(backup, { force: true });
  }
  await removeEmpty(mark.madeFolders);
}

/** Makes a folder and answers with those that were not there, the outermost first. */
export async function makeFolders(folder: string): Promise<string[]> {
  try {
    const first = await mkdir(folder, { recursive: true });
    if (first === undefined) return [];
    const made: string[] = [];
    for (let at = folder; at.length >= first.length; at = dirname(at)) made.unshift(at);
    return made;
  } catch (cause) {
    const reason = errnoOf(cause);
    if (reason === null) throw cause;
    throw new MoError({ code: 'workspace-unwritable', folder, reason }, { cause });
  }
}

/** The folders that making this one would make, the outermost first. */
export async function missingFolders(folder: string): Promise<string[]> {
  const isThere = await access(folder).then(
    () => true,
    () => false,
  );
  return isThere ? [] : [...(await missingFolders(dirname(folder))), folder];
}

export async function removeEmpty(folders: readonly string[]): Promise<void> {
  for (const folder of folders.toReversed()) {
    try {
      await rmdir(folder);
    } catch (cause) {
      // Somebody else uses it by now, or it is gone already.
      if (!['ENOTEMPTY', 'EEXIST', 'ENOENT'].includes(errnoOf(cause) ?? '')) throw cause;
    }
  }
}

export function hashOf(text: string | Buffer): string;
export function hashOf(text: string | Buffer | null): string | null;
export function hashOf(text: string | Buffer | null): string | null {
  return text === null ? null : createHash('sha256').update(text).digest('hex');
}

/** A file may be changed twice in one installation. */
async function freeBackup(file: string, stamp: string): Promise<string> {
  const taken = await backupsOf(file);
  for (let count = 1; ; count += 1) {
    const name = `${file}.mo-${stamp}${count === 1 ? '' : count}.backup`;
    if (!taken.includes(name)) return name;
  }
}

const keptBackups = 3;

async function dropOldBackups(file: string, needed: string | null): Promise<void> {
  const old = (await backupsOf(file)).toSorted().slice(0, -keptBackups);
  for (const backup of old) if (backup !== needed) await rm(backup, { force: true });
}

async function backupsOf(file: string): Promise<string[]> {
  const start = `${basename(file)}.mo-`;
  const names = await readdir(dirname(file)).catch((cause: unknown) => {
    if (errnoOf(cause) === 'ENOENT') return [];
    throw cause;
  });
  return names
    .filter((name) => name.startsWith(start) && name.endsWith('.backup'))
    .map((name) => join(dirname(file), name));
}

async function refusal(path: string): Promise<string | null> {
  return access(path, constants.W_OK).then(
    () => null,
    (cause: unknown) => errnoOf(cause) ?? 'unknown',
  );
}
