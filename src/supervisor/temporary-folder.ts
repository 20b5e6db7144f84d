import { chmod, lstat, mkdir, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { fileProblem } from '../platform/files.ts';
import { attemptFiles, readCommand } from './attempt-files.ts';
import { folderKey } from './marker.ts';

/**
 * The TMPDIR of an attempt. Not in the attempt's folder: that one is inside the project, so tools that look upwards from a temp folder
 * (git, npm, tsc, test runners) would find the project, and sockets in it would exceed the 108 bytes a socket's path may have.
 */
export function temporaryFolderOf(
  attemptFolder: string,
  callersTmpdir: string | undefined,
): string {
  return join(callersTmpdir || tmpdir(), nameFor(attemptFolder));
}

/** Of an attempt that nobody saw to its end. What its record names is removed only if it is called like the folder of this attempt. */
export async function removeLeftTemporary(attemptFolder: string): Promise<void> {
  const record = await readCommand(attemptFiles(attemptFolder));
  if (record === null || basename(record.temporary) !== nameFor(attemptFolder)) return;
  await removeTemporaryFolder(record.temporary);
}

function nameFor(attemptFolder: string): string {
  return `mo-${folderKey(attemptFolder)}`;
}

export async function makeTemporaryFolder(folder: string): Promise<void> {
  try {
    await removeTemporaryFolder(folder);
    await mkdir(dirname(folder), { recursive: true });
    // Fails when someone else put something there meanwhile: a shared /tmp is open to all.
    await mkdir(folder, { mode: 0o700 });
  } catch (cause) {
    throw fileProblem(folder, cause);
  }
}

/** Tools make folders of their caches read-only, which keeps even their owner from emptying them. */
export async function removeTemporaryFolder(folder: string): Promise<void> {
  try {
    await rm(folder, { recursive: true, force: true });
  } catch {
    await makeWritable(folder);
    await rm(folder, { recursive: true, force: true });
  }
}

async function makeWritable(folder: string): Promise<void> {
  if (!(await lstat(folder)).isDirectory()) return;
  await chmod(folder, 0o700);
  for (const entry of await readdir(folder, { withFileTypes: true })) {
    if (entry.isDirectory()) await makeWritable(join(folder, entry.name));
  }
}
