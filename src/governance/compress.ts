import { rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { compressFile, halfSuffix } from '../platform/compressed-file.ts';
import { errnoOf } from '../platform/files.ts';
import { dayMs } from './old-runs.ts';
import { entriesOf } from './sizes.ts';

/** Below it a file takes a block of the disk either way. */
const leastBytes = 4_096;

/** What workers, commands and owners said. Reports, receipts and handoffs stay as they are. */
const streams = /\.(?:ndjson|log|txt|patch)$|^prompt\.md$/;

/** Streams and logs below a folder that are worth it, and what a cut off compression has left there a day ago or longer. */
export async function findStreams(
  folder: string,
  now: number,
): Promise<{ streams: string[]; left: string[] }> {
  const found = { streams: [] as string[], left: [] as string[] };
  for (const entry of await entriesOf(folder)) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) {
      const inner = await findStreams(path, now);
      found.streams.push(...inner.streams);
      found.left.push(...inner.left);
    } else if (entry.isFile() && streams.test(entry.name)) {
      if (((await factsOf(path))?.size ?? 0) >= leastBytes) found.streams.push(path);
    } else if (entry.isFile() && entry.name.endsWith(halfSuffix)) {
      if (now - ((await factsOf(path))?.mtimeMs ?? now) > dayMs) found.left.push(path);
    }
  }
  return found;
}

/** Can be done again after it was cut off. */
export async function compressStreams(folder: string, now: number): Promise<void> {
  const { streams: files, left } = await findStreams(folder, now);
  for (const file of files) await compressFile(file);
  for (const half of left) await rm(half, { force: true });
}

async function factsOf(path: string): Promise<{ size: number; mtimeMs: number } | null> {
  return stat(path).catch((cause: unknown) => {
    if (errnoOf(cause) === 'ENOENT') return null;
    throw cause;
  });
}
