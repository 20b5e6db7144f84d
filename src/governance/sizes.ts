import type { Dirent } from 'node:fs';
import { lstat, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { errnoOf } from '../platform/files.ts';

export type Size = { bytes: number; files: number };

/** What a file or a folder and all below it take, links not followed; nothing where there is nothing. */
export async function sizeOf(path: string): Promise<Size> {
  const found = await lstat(path).catch(goneIsNull);
  if (found === null) return { bytes: 0, files: 0 };
  if (!found.isDirectory()) return { bytes: found.size, files: 1 };
  const sum = { bytes: 0, files: 0 };
  for (const entry of await entriesOf(path)) {
    const inner = await sizeOf(join(path, entry.name));
    sum.bytes += inner.bytes;
    sum.files += inner.files;
  }
  return sum;
}

/** By name; none where there is no folder. */
export async function entriesOf(folder: string): Promise<Dirent[]> {
  const found = await readdir(folder, { withFileTypes: true }).catch(goneIsNull);
  return (found ?? []).toSorted((one, other) => (one.name < other.name ? -1 : 1));
}

/** What a live run removes while it is looked at counts nothing. */
function goneIsNull(cause: unknown): null {
  const code = errnoOf(cause);
  if (code === 'ENOENT' || code === 'ENOTDIR') return null;
  throw cause;
}
