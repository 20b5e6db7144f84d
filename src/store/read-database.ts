import { open, readFile, stat } from 'node:fs/promises';
import { z } from 'zod';
import { loadSqlite } from './sqlite-addon.ts';

/** How long somebody else's write is waited for. */
const busyTimeoutMs = 2_000;

/**
 * Rows of a database that is not mo's: nothing of it, and nothing beside it, is written or made. Throws what SQLite says, and a
 * ZodError for rows that are not what they should be.
 */
export async function readRows<T>(file: string, row: z.ZodType<T>, sql: string): Promise<T[]> {
  const Constructor = await loadSqlite();
  const sqlite = (await hasLogAtRest(file))
    ? new Constructor(withoutLog(await readFile(file)))
    : new Constructor(file, { readonly: true, fileMustExist: true, timeout: busyTimeoutMs });
  try {
    return z.array(row).parse(sqlite.prepare(sql).all());
  } finally {
    sqlite.close();
  }
}

/** Where the two bytes stand that say how the file is written and read: 2 is a write-ahead log. */
const versionsAt = 18;

/** Opening a database with a write-ahead log makes its two files, even for reading. Where nobody has it open they are not there. */
async function hasLogAtRest(file: string): Promise<boolean> {
  const handle = await open(file, 'r');
  try {
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(2), 0, 2, versionsAt);
    if (bytesRead < 2 || buffer[1] !== 2) return false;
  } finally {
    await handle.close();
  }
  return !(await stat(`${file}-wal`).then(
    () => true,
    () => false,
  ));
}

/** A copy in memory cannot have a log, and says so. */
function withoutLog(content: Buffer): Buffer {
  content.fill(1, versionsAt, versionsAt + 2);
  return content;
}
