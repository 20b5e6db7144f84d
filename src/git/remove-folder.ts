import { chmod, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { errnoOf, fileProblem } from '../platform/files.ts';

/** Removes a folder and all in it; links are removed, not followed. Package caches write-protect their folders, so that is undone first where it is in the way. */
export async function removeFolder(path: string): Promise<void> {
  try {
    await rm(path, { recursive: true, force: true, maxRetries: 3 });
  } catch (cause) {
    if (!['EACCES', 'EPERM'].includes(errnoOf(cause) ?? '')) throw fileProblem(path, cause);
    await makeWritable(path);
    await rm(path, { recursive: true, force: true, maxRetries: 3 });
  }
}

async function makeWritable(folder: string): Promise<void> {
  await chmod(folder, 0o700);
  for (const entry of await readdir(folder, { withFileTypes: true })) {
    if (entry.isDirectory()) await makeWritable(join(folder, entry.name));
  }
}
