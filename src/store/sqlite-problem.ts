import { dirname } from 'node:path';
import { MoError } from '../core/problem.ts';

/** What a failure of SQLite means for a person; anything that is not one stays what it is. */
export function sqliteProblem(file: string, cause: unknown): unknown {
  if (!(cause instanceof Error) || cause instanceof MoError) return cause;
  const code = 'code' in cause && typeof cause.code === 'string' ? cause.code : '';
  const reason = `${cause.message}, ${code}`;
  if (isOneOf(code, ['SQLITE_BUSY', 'SQLITE_LOCKED', 'SQLITE_PROTOCOL'])) {
    return new MoError({ code: 'store-busy', file }, { cause });
  }
  // The index of the log is a file that grows before anything is written: on a full disk that is what fails.
  if (code === 'SQLITE_FULL' || code === 'SQLITE_IOERR_SHMSIZE')
    return new MoError({ code: 'disk-full', file }, { cause });
  if (isOneOf(code, ['SQLITE_CORRUPT', 'SQLITE_NOTADB']) || /^SQLITE_IOERR_.*READ/.test(code)) {
    return new MoError({ code: 'store-corrupt', file, reason }, { cause });
  }
  // IOERR is what a quota, a file size limit and a broken disk have in common: SQLite tells only a full disk apart.
  if (isOneOf(code, ['SQLITE_READONLY', 'SQLITE_CANTOPEN', 'SQLITE_PERM', 'SQLITE_IOERR'])) {
    return new MoError({ code: 'workspace-unwritable', folder: dirname(file), reason }, { cause });
  }
  return cause;
}

/** The code itself or one of its extended forms, such as `SQLITE_BUSY_SNAPSHOT`. */
function isOneOf(code: string, names: readonly string[]): boolean {
  return names.some((name) => code === name || code.startsWith(`${name}_`));
}
