import { MoError } from '../core/problem.ts';
import type { Clock } from '../platform/clock.ts';
import { openDatabase, useWriteAheadLog, type Database } from './database.ts';
import { migrate, versionOf } from './migrations.ts';

/** Opened by several processes in the same moment, making a new database can be refused without SQLite waiting for its turn. */
const patienceMs = 15_000;
const pauseMs = 20;

/** A database of the newest schema. One that is damaged or of a later mo is refused before anything is changed. */
export async function openProjectDatabase(file: string, clock: Clock): Promise<Database> {
  const database = await openDatabase(file);
  try {
    const deadline = clock.monotonic() + patienceMs;
    while (!isReady(database, clock.monotonic() >= deadline)) await clock.sleep(pauseMs);
    return database;
  } catch (cause) {
    database.close();
    throw cause;
  }
}

function isReady(database: Database, isLastTry: boolean): boolean {
  try {
    versionOf(database);
    useWriteAheadLog(database);
    migrate(database);
    return true;
  } catch (cause) {
    if (!isLastTry && cause instanceof MoError && cause.code === 'store-busy') return false;
    throw cause;
  }
}
