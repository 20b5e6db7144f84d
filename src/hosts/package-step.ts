import { access, cp, rename, rm } from 'node:fs/promises';
import { basename, dirname, join, sep } from 'node:path';
import { makeFolders, missingFolders, removeEmpty } from './config-file.ts';
import type { HostPlace } from './host.ts';
import type { FolderPart } from './install-record.ts';
import type { Step } from './step.ts';

/** Whether mo runs out of the cache of npx, which npm may empty at any time. */
export function isPassing(packageFolder: string): boolean {
  return packageFolder.split(sep).includes('_npx');
}

/** Where hosts are to find mo: where it is, or a copy with what it depends on. */
export function lastingPackage(place: Pick<HostPlace, 'package' | 'data' | 'version'>): string {
  if (!isPassing(place.package)) return place.package;
  return join(copyFolder(place), 'node_modules', basename(place.package));
}

/** The folder npx has made holds nothing but mo and its dependencies, built for this machine. */
export async function planPackage(place: HostPlace, known: FolderPart | null): Promise<Step> {
  const folder = copyFolder(place);
  const script = join(lastingPackage(place), 'dist', 'mo.mjs');
  const isThere = await access(script).then(
    () => true,
    () => false,
  );
  return {
    kind: 'package',
    path: folder,
    change: isThere ? 'same' : 'new',
    what: `mo ${place.version} itself, because npm may empty the cache of npx`,
    by: null,
    diff: null,
    apply: async (announce) => {
      const madeFolders = known?.madeFolders ?? [];
      const part = { kind: 'package' as const, folder, hash: place.version, aside: null };
      if (isThere) return { ...part, madeFolders };
      const missing = await missingFolders(dirname(folder));
      const whole = { ...part, madeFolders: [...madeFolders, ...missing] };
      await announce(whole);
      await makeFolders(dirname(folder));
      const next = `${folder}.${process.pid}`;
      await cp(dirname(place.package), join(next, 'node_modules'), {
        recursive: true,
        dereference: true,
      });
      await rm(folder, { recursive: true, force: true });
      await rename(next, folder);
      return whole;
    },
  };
}

/** With the copies of older versions: runs that were under way may have gone on from those. */
export async function undoPackage(part: FolderPart): Promise<void> {
  await rm(dirname(part.folder), { recursive: true, force: true });
  await removeEmpty(part.madeFolders);
}

function copyFolder(place: Pick<HostPlace, 'data' | 'version'>): string {
  return join(place.data, 'package', place.version);
}
