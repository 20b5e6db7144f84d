import { stat } from 'node:fs/promises';
import { MoError } from '../core/problem.ts';
import type { CommandResult } from '../platform/process.ts';

/** What a failed call means to a person. */
export async function gitError(
  folder: string,
  args: readonly string[],
  result: CommandResult,
): Promise<MoError> {
  const { stderr, exitCode } = result;
  if (result.startError !== null && !(await isFolder(folder))) {
    return new MoError({ code: 'folder-missing', folder });
  }
  if (/^fatal: not a git repository/m.test(stderr)) {
    return new MoError({ code: 'not-a-repository', folder });
  }
  if (/No space left on device|Disk quota exceeded/.test(stderr)) {
    return new MoError({ code: 'disk-full', file: folder });
  }
  const lock = lockOf(stderr);
  if (lock !== null) return new MoError({ code: 'git-locked', lock });
  return new MoError({ code: 'git-failed', args, exitCode, stderr: reason(result) });
}

/** Another git process holds a lock at this moment, or has been killed while it did; the call has done nothing yet. */
export function isLockError(stderr: string): boolean {
  return lockOf(stderr) !== null;
}

function lockOf(stderr: string): string | null {
  const file = /Unable to create '([^]*?\.lock)': File exists/.exec(stderr)?.[1];
  if (file !== undefined) return file;
  const config = /could not lock config file ([^]*?): File exists/.exec(stderr)?.[1];
  return config === undefined ? null : `${config}.lock`;
}

export async function isFolder(path: string): Promise<boolean> {
  try {
    return (await stat(path)).isDirectory();
  } catch {
    return false;
  }
}

function reason(result: CommandResult): string {
  if (result.startError === 'ENOENT') return 'git is not on the PATH; install it';
  if (result.startError !== null) return `git could not be started (${result.startError})`;
  if (result.timedOut) return 'it took too long and was ended';
  const text = result.stderr.trim();
  if (text === '' && result.signal !== null) return `git was ended by ${result.signal}`;
  return text.length > 4_000 ? `${text.slice(0, 4_000)} ...` : text;
}
