import { existsSync } from 'node:fs';
import { chmod, cp, mkdir, readFile, truncate, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import Sqlite from 'better-sqlite3';
import { build } from 'esbuild';
import { expect, test } from 'vitest';
import { systemClock } from '../../src/platform/clock.ts';
import { migrations } from '../../src/store/migrations.ts';
import { workspacePaths } from '../../src/store/paths.ts';
import { checkAddon } from '../../src/store/sqlite-addon.ts';
import { sqliteProblem } from '../../src/store/sqlite-problem.ts';
import { openStore, openStoreIfAny } from '../../src/store/store.ts';
import { aNode } from '../core/build.ts';
import { aProject, aStore } from './build.ts';
import { append, aSpec, own, started } from './make.ts';
import { commandOf, runProcess } from './run-process.ts';

const fillScript = new URL('./processes/fill.ts', import.meta.url);

const open = (root: string) => openStore(root, { clock: systemClock });

async function aProjectWithDatabase(content: string | Buffer): Promise<string> {
  const root = await aProject();
  const { folder, database } = workspacePaths(root);
  await mkdir(folder);
  await writeFile(database, content);
  return root;
}

test('a file that is no database is refused and stays as it is', async () => {
  const content = 'not a database at all, but long enough to look at'.repeat(100);
  const root = await aProjectWithDatabase(content);
  const { database } = workspacePaths(root);

  await expect(open(root)).rejects.toMatchObject({
    problem: { code: 'store-corrupt', file: database },
  });
  expect(await readFile(database, 'utf8')).toBe(content);
  expect(existsSync(`${database}-wal`)).toBe(false);
});

test('a database with damaged pages says so when they are read', async () => {
  const root = await aProject();
  const store = await open(root);
  const nodes = Array.from({ length: 200 }, (_, index) => aNode(`n${index}`));
  const { runId } = store.createRun({ spec: aSpec({ nodes }), clientKey: null });
  store.close();
  const file = workspacePaths(root).database;
  const bytes = await readFile(file);
  await writeFile(file, bytes.fill(0xff, 4096 * 2));

  await expect(
    (async () => {
      const damaged = await aStore(root);
      return [damaged.nodes(runId, 1_000), damaged.readEvents(runId, 0, 10)];
    })(),
  ).rejects.toMatchObject({ problem: { code: 'store-corrupt', file } });
});

test('a database that was cut off says so when it is read', async () => {
  const root = await aProject();
  const store = await open(root);
  const nodes = Array.from({ length: 200 }, (_, index) => aNode(`n${index}`));
  const { runId } = store.createRun({ spec: aSpec({ nodes }), clientKey: null });
  store.close();
  await truncate(workspacePaths(root).database, 4096 * 30);

  await expect((async () => (await aStore(root)).readEvents(runId, 0, 10))()).rejects.toMatchObject(
    { problem: { code: 'store-corrupt' } },
  );
});

test('a row that does not read is named', async () => {
  const root = await aProject();
  const store = await aStore(root);
  const { runId } = store.createRun({ spec: aSpec(), clientKey: null });
  const other = new Sqlite(store.paths.database);
  other.exec(`UPDATE run_view SET view = '{"state":"dancing"}'`);
  other.close();

  expect(() => store.view(runId)).toThrow(/is damaged \(a row does not read/);
});

test('a database of a newer mo is refused and stays as it is', async () => {
  const root = await aProject();
  (await open(root)).close();
  const { database } = workspacePaths(root);
  const newer = new Sqlite(database);
  newer.pragma('user_version = 99');
  newer.close();

  await expect(open(root)).rejects.toMatchObject({
    problem: { code: 'store-newer', file: database, found: 99, known: migrations.length },
  });
  await expect(openStoreIfAny(root, { clock: systemClock })).rejects.toThrow('newer mo');
});

test('a file in place of the workspace is named', async () => {
  const root = await aProject();
  await writeFile(join(root, '.agent-workspace'), '');

  await expect(open(root)).rejects.toMatchObject({
    code: 'workspace-unwritable',
    message: expect.stringMatching(/a file of that name is in the way\. Rename or remove/),
  });
  expect(await openStoreIfAny(root, { clock: systemClock })).toBeNull();
});

test('a folder in place of the database is named', async () => {
  const root = await aProject();
  await mkdir(workspacePaths(root).database, { recursive: true });

  await expect(open(root)).rejects.toMatchObject({ problem: { code: 'workspace-unwritable' } });
});

// Root may write anywhere, so there only others can tell.
test.skipIf(process.getuid?.() === 0)('a project that is read-only is named', async () => {
  const root = await aProject();
  await chmod(root, 0o500);

  await expect(open(root)).rejects.toMatchObject({ problem: { code: 'workspace-unwritable' } });
  await chmod(root, 0o700);
});

test('a database that cannot grow refuses the event and keeps those before it', async () => {
  const root = await aProject();
  const store = await aStore(root);
  const { runId } = store.createRun({ spec: aSpec({ nodes: [aNode('api')] }), clientKey: null });
  const epoch = own(store, runId);
  // A limit on the size of files is the nearest to a full disk that needs no rights. 512-byte or 1024-byte blocks: 1 or 2 MB.
  const command = ['sh', '-c', 'ulimit -f 2000; trap "" XFSZ; exec "$@"', 'sh'];

  const output = await runProcess([...command, ...commandOf(fillScript, root, runId)]);

  const told: unknown = JSON.parse(output);
  expect(told).toEqual({ code: 'workspace-unwritable', last: store.lastSeq(runId) });
  expect(store.lastSeq(runId)).toBeGreaterThan(10);
  expect(store.readEvents(runId, 0, 10_000)).toHaveLength(store.lastSeq(runId));
  expect(append(store, { runId, epoch }, [started('api')])).toEqual([store.lastSeq(runId)]);
});

test('a real full database is a full disk to the user', () => {
  const sqlite = new Sqlite(':memory:');
  sqlite.exec('CREATE TABLE t (a TEXT); PRAGMA max_page_count = 3');
  const fill = (): void => {
    for (;;) sqlite.prepare('INSERT INTO t VALUES (?)').run('x'.repeat(4_000));
  };

  expect(() => {
    try {
      fill();
    } catch (cause) {
      throw sqliteProblem('/p/mo.db', cause);
    }
  }).toThrow('The disk is full: /p/mo.db');
  sqlite.close();
});

test('a writer that others never let in says that the store is busy', async () => {
  const file = join(await aProject(), 'busy.db');
  const holder = new Sqlite(file);
  holder.exec('CREATE TABLE t (a); BEGIN IMMEDIATE');
  const writer = new Sqlite(file, { timeout: 0 });

  expect(() => {
    try {
      writer.exec('BEGIN IMMEDIATE');
    } catch (cause) {
      throw sqliteProblem(file, cause);
    }
  }).toThrow('stayed locked');
  writer.close();
  holder.close();
});

test.each([
  ['20.20.2', '13.2.0', false],
  ['20.20.2', '12.11.1', true],
  ['22.11.0', '13.2.0', true],
  ['26.0.0', '12.11.1', true],
])('on Node %s better-sqlite3 %s is used: %s', async (node, version, isUsed) => {
  const root = await aProject();
  const folder = join(root, 'node_modules', 'better-sqlite3');
  await mkdir(join(folder, 'lib'), { recursive: true });
  const manifest = { name: 'better-sqlite3', version, main: 'lib/index.js' };
  await writeFile(join(folder, 'package.json'), JSON.stringify(manifest));
  await writeFile(join(folder, 'lib', 'index.js'), '');
  const check = checkAddon({ node, from: pathToFileURL(join(root, 'x.js')).href });

  if (isUsed) await expect(check).resolves.toBeUndefined();
  else await expect(check).rejects.toMatchObject({ problem: { code: 'addon-missing' } });
});

test('without better-sqlite3 the error says what to install', async () => {
  const from = pathToFileURL(join(await aProject(), 'x.js')).href;

  await expect(checkAddon({ node: '20.20.2', from })).rejects.toThrow('is not installed');
});

test('without its native part the error says how to build it', async () => {
  const root = await aProject();
  const require = createRequire(import.meta.url);
  const modules = join(dirname(require.resolve('better-sqlite3')), '../..');
  for (const name of ['better-sqlite3', 'bindings', 'file-uri-to-path']) {
    await cp(join(modules, name), join(root, 'node_modules', name), {
      recursive: true,
      filter: (path) => !/better-sqlite3.(build|deps|src)$/.test(path),
    });
  }
  await build({
    stdin: {
      contents: `import { openDatabase } from './src/store/database.ts';
        const file = ${JSON.stringify(join(root, 'mo.db'))};
        await openDatabase(file).catch((error) => console.log(error.message));`,
      resolveDir: join(import.meta.dirname, '../..'),
    },
    bundle: true,
    format: 'esm',
    platform: 'node',
    external: ['better-sqlite3'],
    banner: {
      js: "import{createRequire as r}from'node:module';const require=r(import.meta.url);",
    },
    outfile: join(root, 'open.mjs'),
  });

  const said = await runProcess([process.execPath, join(root, 'open.mjs')]);

  expect(said).toContain(
    'native part of better-sqlite3 does not load: Could not locate the bindings file. Run `npm rebuild',
  );
});
