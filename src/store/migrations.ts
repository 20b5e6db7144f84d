import { z } from 'zod';
import { MoError } from '../core/problem.ts';
import type { Database } from './database.ts';
import { firstSchema } from './schema/001-first.ts';
import { reservations } from './schema/002-reservations.ts';
import { staleReceipts } from './schema/003-stale-receipts.ts';
import { receiptKeys } from './schema/004-receipt-keys.ts';
import { itemColumn } from './schema/005-items.ts';

/** In order; the number of a migration is its place, counted from 1. What has been released is never changed, only followed. */
export const migrations: readonly string[] = [
  firstSchema,
  reservations,
  staleReceipts,
  receiptKeys,
  itemColumn,
];

/** The schema this mo writes. */
export const knownSchema = migrations.length;

/** Brings a database of any earlier version to the newest; one of a later version is left as it is and refused. */
export function migrate(database: Database, steps: readonly string[] = migrations): void {
  if (versionOf(database, steps.length) === steps.length) return;
  database.transaction(() => {
    // Another process may have done it while this one waited for the transaction.
    const version = versionOf(database, steps.length);
    for (const step of steps.slice(version)) database.script(step);
    database.script(`PRAGMA user_version = ${steps.length}`);
  });
}

/** Throws for a database this mo does not know. Changes nothing. */
export function versionOf(database: Database, known = migrations.length): number {
  const row = database.get(z.object({ user_version: z.number() }), 'PRAGMA user_version');
  const found = row?.user_version ?? 0;
  if (found > known) {
    throw new MoError({ code: 'store-newer', file: database.file, found, known });
  }
  return found;
}
