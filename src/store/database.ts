import type { Database as Sqlite, Statement } from 'better-sqlite3';
import { z } from 'zod';
import { MoError } from '../core/problem.ts';
import { errnoOf } from '../platform/files.ts';
import { loadSqlite } from './sqlite-addon.ts';
import { sqliteProblem } from './sqlite-problem.ts';

type Values = Readonly<Record<string, string | number | null>>;

/** The one door to SQL. Rows come out parsed; failures come out as problems a person can act on. */
export type Database = {
  file: string;
  get: <T>(row: z.ZodType<T>, sql: string, values?: Values) => T | null;
  all: <T>(row: z.ZodType<T>, sql: string, values?: Values) => T[];
  /** How many rows it changed. */
  run: (sql: string, values?: Values) => number;
  /** Several statements without values. */
  script: (sql: string) => void;
  /** All or nothing, and on the disk when it returns. Inside another one it is a part of it. */
  transaction: <T>(work: () => T) => T;
  /** All or nothing, but a power cut may lose it; the death of any process does not. For what is written often and can be made again. */
  lightTransaction: <T>(work: () => T) => T;
  close: () => void;
};

/** How long a writer waits for others. SQLite's waiting is not fair, so this is far above what a write takes. */
const busyTimeoutMs = 15_000;

export async function openDatabase(file: string): Promise<Database> {
  const Constructor = await loadSqlite();
  let sqlite: Sqlite;
  try {
    sqlite = new Constructor(file, { timeout: busyTimeoutMs });
  } catch (cause) {
    throw openingProblem(file, cause);
  }
  try {
    sqlite.pragma('foreign_keys = ON');
    sqlite.pragma('synchronous = FULL');
  } catch (cause) {
    sqlite.close();
    throw sqliteProblem(file, cause);
  }
  return databaseOver(sqlite, file);
}

/** Readers and a writer at once. Changes the file, so it comes after every check of what the file is. */
export function useWriteAheadLog(database: Database): void {
  database.get(z.object({ journal_mode: z.literal('wal') }), 'PRAGMA journal_mode = WAL');
}

function databaseOver(sqlite: Sqlite, file: string): Database {
  const statements = new Map<string, Statement<[Values]>>();
  const prepared = (sql: string): Statement<[Values]> => {
    const known = statements.get(sql);
    if (known !== undefined) return known;
    const statement = sqlite.prepare<[Values]>(sql);
    statements.set(sql, statement);
    return statement;
  };
  const guarded = <T>(work: () => T): T => {
    try {
      return work();
    } catch (cause) {
      throw sqliteProblem(file, cause);
    }
  };
  const transaction = <T>(work: () => T): T => {
    if (sqlite.inTransaction) return work();
    guarded(() => sqlite.exec('BEGIN IMMEDIATE'));
    try {
      const result = work();
      guarded(() => sqlite.exec('COMMIT'));
      return result;
    } catch (cause) {
      // A full disk has already undone it.
      if (sqlite.inTransaction) sqlite.exec('ROLLBACK');
      throw cause;
    }
  };
  return {
    file,
    get: (row, sql, values = {}) => {
      const found = guarded(() => prepared(sql).get(values));
      return found === undefined ? null : parseRow(row, found, file);
    },
    all: (row, sql, values = {}) =>
      guarded(() => prepared(sql).all(values)).map((found) => parseRow(row, found, file)),
    run: (sql, values = {}) => guarded(() => prepared(sql).run(values).changes),
    script: (sql) => {
      guarded(() => sqlite.exec(sql));
    },
    transaction,
    lightTransaction: (work) => {
      if (sqlite.inTransaction) return work();
      sqlite.pragma('synchronous = NORMAL');
      try {
        return transaction(work);
      } finally {
        sqlite.pragma('synchronous = FULL');
      }
    },
    close: () => {
      sqlite.close();
    },
  };
}

function parseRow<T>(row: z.ZodType<T>, found: unknown, file: string): T {
  const parsed = row.safeParse(found);
  if (parsed.success) return parsed.data;
  const reason = `a row does not read: ${z.prettifyError(parsed.error).slice(0, 300)}`;
  throw new MoError({ code: 'store-corrupt', file, reason }, { cause: parsed.error });
}

/** The native part is loaded by the first database that is opened; whatever fails then without a code of SQLite is about that. */
function openingProblem(file: string, cause: unknown): unknown {
  if (errnoOf(cause)?.startsWith('SQLITE_') === true) return sqliteProblem(file, cause);
  // The package lists below its first line where it looked, a dozen paths.
  const [first = ''] = (cause instanceof Error ? cause.message : String(cause)).split('\n');
  const reason = first.replace(/[.\s]*(?:Tried:)?[.\s]*$/, '');
  return new MoError({ code: 'addon-missing', reason }, { cause });
}
