import { mkdir, readFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import writeFileAtomic from 'write-file-atomic';
import { MoError } from '../core/problem.ts';

/** Written to a temp file beside it, synced and renamed: a reader sees the old text or the new one, never a half. */
export async function writeWhole(path: string, text: string | Buffer, mode = 0o644): Promise<void> {
  try {
    await mkdir(dirname(path), { recursive: true });
    await writeFileAtomic(path, text, { mode });
  } catch (cause) {
    throw fileProblem(path, cause);
  }
}

/** The text of a file, or null when there is none. Throws `file-unreadable` for one that is there and cannot be read. */
export async function readText(path: string): Promise<string | null> {
  try {
    return await readFile(path, 'utf8');
  } catch (cause) {
    const reason = errnoOf(cause);
    if (reason === 'ENOENT') return null;
    if (reason === null) throw cause;
    throw new MoError({ code: 'file-unreadable', file: path, reason }, { cause });
  }
}

/** A full disk and a read-only folder become what a person can act on; anything else stays what it is. */
export function fileProblem(path: string, cause: unknown): unknown {
  const code = errnoOf(cause);
  if (code === 'ENOSPC' || code === 'EDQUOT')
    return new MoError({ code: 'disk-full', file: path }, { cause });
  if (code === 'EACCES' || code === 'EROFS' || code === 'EPERM' || code === 'ENOTDIR') {
    return new MoError(
      { code: 'workspace-unwritable', folder: dirname(path), reason: code },
      { cause },
    );
  }
  return cause;
}

export function errnoOf(cause: unknown): string | null {
  return cause instanceof Error && 'code' in cause && typeof cause.code === 'string'
    ? cause.code
    : null;
}
