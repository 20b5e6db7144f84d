import { join } from 'node:path';
import { z } from 'zod';
import { expect, test } from 'vitest';
import { openDatabase, type Database } from '../../src/store/database.ts';
import { migrate, migrations } from '../../src/store/migrations.ts';
import { aProject } from './build.ts';

const first = 'CREATE TABLE one (a INTEGER) STRICT; INSERT INTO one VALUES (1)';
const second = 'ALTER TABLE one ADD COLUMN b TEXT; UPDATE one SET b = a';
const broken = 'CREATE TABLE two (a INTEGER) STRICT; INSERT INTO nowhere VALUES (1)';

async function aDatabase(): Promise<Database> {
  return openDatabase(join(await aProject(), 'mo.db'));
}

function version(database: Database): number | undefined {
  return database.get(z.object({ user_version: z.number() }), 'PRAGMA user_version')?.user_version;
}

test('an older database gets what is missing and keeps its rows', async () => {
  const database = await aDatabase();
  migrate(database, [first]);

  migrate(database, [first, second]);

  const row = z.object({ a: z.number(), b: z.string() });
  expect(database.all(row, 'SELECT a, b FROM one')).toEqual([{ a: 1, b: '1' }]);
  expect(version(database)).toBe(2);
  database.close();
});

test('a migration is done once', async () => {
  const database = await aDatabase();

  for (let count = 0; count < 2; count += 1) migrate(database, [first]);

  expect(database.all(z.object({ a: z.number() }), 'SELECT a FROM one')).toHaveLength(1);
  database.close();
});

test('a migration that fails leaves the database as it was', async () => {
  const database = await aDatabase();
  migrate(database, [first]);

  expect(() => migrate(database, [first, second, broken])).toThrow('nowhere');

  expect(version(database)).toBe(1);
  expect(() => database.all(z.unknown(), 'SELECT b FROM one')).toThrow('no such column');
  database.close();
});

test('what a running attempt holds is found again when mo is updated', async () => {
  const database = await aDatabase();
  migrate(database, migrations.slice(0, 1));
  const event = { type: 'attempt.started', node: 'api', attempt: 1, reserved: { usd: 2.5 } };
  database.script(`
    INSERT INTO run (run_id, name, goal, created_at) VALUES ('r-1', 'n', 'g', 1);
    INSERT INTO event (run, seq, at, epoch, event) VALUES (1, 1, 1, 1, '${JSON.stringify(event)}');
    INSERT INTO attempt (run, node, attempt, started_at) VALUES (1, 'api', 1, 1), (1, 'web', 1, 1);
  `);

  migrate(database, migrations.slice(0, 2));

  const row = z.object({ reserved_usd: z.number().nullable() });
  expect(database.all(row, 'SELECT reserved_usd FROM attempt ORDER BY node')).toEqual([
    { reserved_usd: 2.5 },
    { reserved_usd: null },
  ]);
  database.close();
});

test('receipts from before they had keys are kept, and are found by an index from then on', async () => {
  const database = await aDatabase();
  migrate(database, migrations.slice(0, 3));
  database.script(`
    INSERT INTO run (run_id, name, goal, created_at) VALUES ('r-1', 'n', 'g', 1);
    INSERT INTO receipt (run, node, attempt, path, digest, created_at)
      VALUES (1, 'api', 1, 'api.json', 'd', 1);
  `);

  migrate(database);

  const row = z.object({ node: z.string(), key: z.null(), seq: z.null(), stale: z.number() });
  expect(database.all(row, 'SELECT node, key, seq, stale FROM receipt')).toHaveLength(1);
  const plan = database.all(
    z.object({ detail: z.string() }),
    "EXPLAIN QUERY PLAN SELECT node FROM receipt WHERE key = 'k' AND stale = 0",
  );
  expect(plan[0]?.detail).toContain('receipt_key');
  database.close();
});

test('every migration of mo runs on an empty database, and on the state before it', async () => {
  const database = await aDatabase();
  for (const count of migrations.keys()) {
    migrate(database, migrations.slice(0, count + 1));
    expect(version(database)).toBe(count + 1);
  }
  database.close();
});
