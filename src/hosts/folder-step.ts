import { cp, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { MoError } from '../core/problem.ts';
import { makeFolders, removeEmpty } from './config-file.ts';
import {
  hashOfFolder,
  readFolder,
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
  const isForeign = found !== null && found !== hash && found !== known?.hash;
  if (isForeign && !wish.force) throw new MoError({ code: 'copy-edited', folder });
  const aside = isForeign ? join(place.data, 'aside', `${place.stamp}-${wish.host}`) : null;
  return {
    kind: wish.kind,
    path: folder,
    change: found === null ? 'new' : found === hash ? 'same' : 'changed',
    what: `${wish.kind}, ${files.size} ${files.size === 1 ? 'file' : 'files'}`,
    by: null,
    diff: found === hash ? null : changedFiles(present, files),
    apply: async () => {
      const madeFolders = known?.madeFolders ?? [];
      const kept = known?.aside ?? null;
      if (found === hash) return { kind: wish.kind, folder, hash, madeFolders, aside: kept };
      const made = await makeFolders(dirname(folder));
      if (aside !== null) await cp(await targetOf(folder), aside, { recursive: true });
      await writeFolder(folder, files);
      return {
        kind: wish.kind,
        folder,
        hash,
        madeFolders: [...madeFolders, ...made],
        aside: kept ?? aside,
      };
    },
  };
}

/** `kept`: it was edited, and nothing forces. */
export async function undoFolder(
  part: FolderPart,
  { force }: { force: boolean },
): Promise<'restored' | 'kept'> {
  const present = await readFolder(part.folder);
  if (present !== null && hashOfFolder(present) !== part.hash && !force) return 'kept';
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

function changedFiles(before: FolderFiles | null, after: FolderFiles): string {
  const gone = [...(before?.keys() ?? [])].filter((path) => !after.has(path));
  const lines = [...after].flatMap(([path, content]) => {
    const old = before?.get(path);
    if (old === undefined) return [`+ ${path}`];
    return old.equals(content) ? [] : [`~ ${path}`];
  });
  return [...lines, ...gone.map((path) => `- ${path}`)].toSorted().join('\n');
}
