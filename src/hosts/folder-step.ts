import { access, cp, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { MoError } from '../core/problem.ts';
import { makeFolders, missingFolders, removeEmpty } from './config-file.ts';
import {
  hashOfFolder,
  readFolder,
  removeUnfinished,
  targetOf,
  writeFolder,
  type FolderFiles,
} from './folder-files.ts';
import type { HostName, HostPlace } from './host.ts';
import type { FolderPart } from './install-record.ts';
import type { Step } from './step.ts';

export type FolderWish = {
  kind: FolderPart['kind'];
  place: HostPlace;
  host: HostName;
  folder: string;
  files: FolderFiles;
  known: FolderPart | null;
  force: boolean;
};

/** Throws `copy-edited` for a folder that holds something else than mo has put there, unless it is forced: then that is moved aside. */
export async function planFolder(wish: FolderWish): Promise<Step> {
  const { folder, files, known, place } = wish;
  const present = await readFolder(folder);
  const found = present === null ? null : hashOfFolder(present);
  const hash = hashOfFolder(files);
  const isForeign = found !== null && found !== hash && !ownHashes(known).includes(found);
  if (isForeign && !wish.force) throw new MoError({ code: 'copy-edited', folder });
  const aside = isForeign ? join(place.data, 'aside', `${place.stamp}-${wish.host}`) : null;
  return {
    kind: wish.kind,
    path: folder,
    change: found === null ? 'new' : found === hash ? 'same' : 'changed',
    what: `${wish.kind}, ${files.size} ${files.size === 1 ? 'file' : 'files'}`,
    by: null,
    diff: found === hash ? null : changedFiles(present, files),
    apply: async (announce) => {
      const madeFolders = known?.madeFolders ?? [];
      const kept = await keptAside(known);
      if (found === hash) return { kind: wish.kind, folder, hash, madeFolders, aside: kept };
      const missing = await missingFolders(dirname(folder));
      const part = {
        kind: wish.kind,
        folder,
        hash,
        madeFolders: [...madeFolders, ...missing],
        aside: kept ?? aside,
      };
      await announce({ ...part, replaces: isForeign ? null : found });
      await makeFolders(dirname(folder));
      if (aside !== null && !(await holds(kept, found))) await moveAside(folder, aside);
      await writeFolder(folder, files);
      return part;
    },
  };
}

/** `kept`: it was edited, and nothing forces. */
export async function undoFolder(
  part: FolderPart,
  { force }: { force: boolean },
): Promise<'restored' | 'kept'> {
  await removeUnfinished(part.folder);
  const present = await readFolder(part.folder);
  const isForeign = present !== null && !ownHashes(part).includes(hashOfFolder(present));
  const kept = await keptAside(part);
  if (
    isForeign &&
    part.aside !== null &&
    (kept === null || (await holds(kept, hashOfFolder(present))))
  ) {
    // mo was cut off before it touched what stands there.
    await rm(part.aside, { recursive: true, force: true });
    await removeEmpty([dirname(part.aside), ...part.madeFolders]);
    return 'restored';
  }
  if (isForeign && !force) return 'kept';
  const target = await targetOf(part.folder);
  await rm(target, { recursive: true, force: true });
  if (part.aside !== null) {
    await cp(part.aside, target, { recursive: true });
    await rm(part.aside, { recursive: true, force: true });
    await removeEmpty([dirname(part.aside)]);
  }
  await removeEmpty(part.madeFolders);
  return 'restored';
}

function ownHashes(part: FolderPart | null): string[] {
  return part === null ? [] : [part.hash, ...(part.replaces == null ? [] : [part.replaces])];
}

/** null also where mo was cut off before it was moved there. */
async function keptAside(known: FolderPart | null): Promise<string | null> {
  const aside = known?.aside ?? null;
  if (aside === null) return null;
  await rm(unfinished(aside), { recursive: true, force: true });
  return (await isThere(aside)) ? aside : null;
}

async function holds(folder: string | null, hash: string | null): Promise<boolean> {
  const files = folder === null ? null : await readFolder(folder);
  return files !== null && hashOfFolder(files) === hash;
}

/** Whole or not at all, because it is put back from there. */
async function moveAside(folder: string, aside: string): Promise<void> {
  await rm(unfinished(aside), { recursive: true, force: true });
  await cp(await targetOf(folder), unfinished(aside), { recursive: true });
  await rename(unfinished(aside), aside);
}

function unfinished(aside: string): string {
  return `${aside}.unfinished`;
}

function isThere(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}

function changedFiles(before: FolderFiles | null, after: FolderFiles): string {
  const gone = [...(before?.keys() ?? [])].filter((path) => !after.has(path));
  const lines = [...after].flatMap(([path, content]) => {
    const old = before?.get(path);
    if (old === undefined) return [`+ ${path}`];
    return old.equals(content) ? [] : [`~ ${path}`];
  });
  return [...lines, ...gone.map((path) => `- ${path}`)].toSorted().join('\n');
}
