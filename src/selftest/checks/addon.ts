import { join } from 'node:path';
import { packageRoot } from '../../platform/package-root.ts';
import { runCommand } from '../../platform/process.ts';
import { fail, type Check, type CheckPlace } from '../check.ts';

/** In a process of its own: better-sqlite3 13 does not throw on Node 20, it ends the process. */
export const addon: Check = {
  name: 'addon',
  title: 'native addon',
  of: 'environment',
  limitMs: 20_000,
  needs: [],
  run: openDatabase,
};

async function openDatabase({ folder, env, signal }: CheckPlace): Promise<string> {
  const root = packageRoot();
  const args = ['-e', program, join(root, 'package.json'), join(folder, 'selftest.db')];
  const result = await runCommand(process.execPath, args, { cwd: folder, env, signal });
  if (result.exitCode === 0) return result.stdout.trim();
  const reason =
    result.stderr.split('\n').find((line) => /^\w*Error\b/.test(line)) ??
    result.signal ??
    'no reason';
  return fail(
    `better-sqlite3 does not open a database: ${reason}.`,
    `Run \`npm rebuild better-sqlite3\` in ${root}. On Node 20 that needs python3, make and a C++ compiler, and version 12 of it.`,
  );
}

/** Two connections, because owners and readers are two processes. */
const program = `
const [from, file] = process.argv.slice(1);
const { createRequire } = require('node:module');
const { version } = createRequire(createRequire(from).resolve('better-sqlite3'))('../package.json');
const Database = createRequire(from)('better-sqlite3');
const one = new Database(file);
const mode = one.pragma('journal_mode = WAL', { simple: true });
if (mode !== 'wal') throw new Error('no write-ahead log on this file system: ' + mode);
one.exec('CREATE TABLE t (x) STRICT'.replace('x', 'x INTEGER'));
one.prepare('INSERT INTO t VALUES (?)').run(42);
const other = new Database(file, { readonly: true });
if (other.prepare('SELECT x FROM t').pluck().get() !== 42) throw new Error('a second connection does not see what was written');
const { v } = one.prepare('SELECT sqlite_version() AS v').get();
console.log('better-sqlite3 ' + version + ', SQLite ' + v);
`;
