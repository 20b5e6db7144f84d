import { existsSync } from 'node:fs';
import { mkdir, readFile, readdir, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { systemClock } from '../../src/platform/clock.ts';
import { openStoreIfAny } from '../../src/store/store.ts';
import { aNode } from '../core/build.ts';
import { aProject, aStore } from './build.ts';
import { append, aSpec, own } from './make.ts';

test('a workspace hides itself from git', async () => {
  const root = await aProject();
  const { paths } = await aStore(root);

  expect(await readFile(paths.gitignore, 'utf8')).toBe('*\n');
  expect((await readdir(paths.folder)).toSorted()).toEqual(
    expect.arrayContaining(['.gitignore', 'mo.db', 'runs', 'worktrees']),
  );
});

test('a .gitignore the user has changed stays as it is', async () => {
  const root = await aProject();
  await mkdir(join(root, '.agent-workspace'));
  await writeFile(join(root, '.agent-workspace', '.gitignore'), '*\n!plan.md\n');

  const { paths } = await aStore(root);

  expect(await readFile(paths.gitignore, 'utf8')).toBe('*\n!plan.md\n');
});

test('only its user can look into a workspace', async () => {
  const { paths } = await aStore(await aProject());

  expect((await stat(paths.folder)).mode & 0o077).toBe(0);
});

test('looking at a project mo has never written to makes nothing', async () => {
  const root = await aProject();

  expect(await openStoreIfAny(root, { clock: systemClock })).toBeNull();
  expect(existsSync(join(root, '.agent-workspace'))).toBe(false);
});

test('runs are numbered and named after their goal', async () => {
  const store = await aStore(await aProject());

  const ids = ['Add JWT!', '加入验证', 'add jwt'].map(
    (goal) => store.createRun({ spec: aSpec({ goal }), clientKey: null }).runId,
  );

  expect(ids).toEqual(['r-1-add-jwt', 'r-2', 'r-3-add-jwt']);
  expect(existsSync(store.paths.runFolder('r-2'))).toBe(true);
});

test('the same client key is the same run, in another process too', async () => {
  const root = await aProject();
  const first = (await aStore(root)).createRun({ spec: aSpec(), clientKey: 'key' });

  const second = (await aStore(root)).createRun({
    spec: aSpec({ goal: 'another' }),
    clientKey: 'key',
  });

  expect(second).toEqual({ runId: first.runId, existed: true });
});

test('a new run begins with its event, its nodes and a view', async () => {
  const store = await aStore(await aProject());
  const nodes = [aNode('zeta'), aNode('alpha', { needs: ['zeta'] })];

  const { runId } = store.createRun({ spec: aSpec({ nodes, goal: 'go' }), clientKey: null });

  expect(store.spec(runId)).toEqual({ ...aSpec({ nodes, goal: 'go' }), runId });
  expect(store.run(runId)).toMatchObject({ number: 1, goal: 'go', lastSeq: 1 });
  expect(store.view(runId)).toMatchObject({ state: 'running', counts: { waiting: 2 }, total: 2 });
  expect(store.nodeNames(runId)).toEqual(['zeta', 'alpha']);
});

test('a run with ten thousand nodes is created whole', async () => {
  const store = await aStore(await aProject());
  const nodes = Array.from({ length: 10_000 }, (_, index) => aNode(`n${index}`));

  const { runId } = store.createRun({ spec: aSpec({ nodes }), clientKey: null });

  expect(store.view(runId).counts).toEqual({ waiting: 10_000 });
  expect(store.nodes(runId, 20_000).at(-1)?.name).toBe('n9999');
});

// In /proc no folder can be made, not even by root.
test.skipIf(!existsSync('/proc/self'))(
  'a run whose folder cannot be made is not made at all',
  async () => {
    const store = await aStore(await aProject());
    await rm(store.paths.runs, { recursive: true });
    await symlink('/proc/self', store.paths.runs);

    expect(() => store.createRun({ spec: aSpec(), clientKey: 'key' })).toThrow('r-1-test');
    expect(store.listRuns({ limit: 9, before: null })).toEqual([]);

    await rm(store.paths.runs);
    await mkdir(store.paths.runs);
    expect(store.createRun({ spec: aSpec(), clientKey: 'key' })).toEqual({
      runId: 'r-1-test',
      existed: false,
    });
  },
);

test('numbers of runs that are only on disk, or in another checkout, are not used again', async () => {
  const root = await aProject();
  const { paths } = await aStore(root);
  await mkdir(join(paths.runs, 'r-41-from-a-lost-database'));

  const store = await aStore(root);
  const { runId } = store.createRun({ spec: aSpec(), clientKey: null });
  const next = store.createRun({ spec: aSpec(), clientKey: null, above: 99 });

  expect(runId).toBe('r-42-test');
  expect(next.runId).toBe('r-100-test');
});

test.each([
  ['1', 'r-1-add-jwt'],
  ['r-1', 'r-1-add-jwt'],
  [' r-1-add-jwt ', 'r-1-add-jwt'],
  ['r-1-add', 'r-1-add-jwt'],
  ['1-add-jwt', 'r-1-add-jwt'],
  ['r-1-other', null],
  ['r-2', null],
  ['jwt', null],
  ['', null],
  ['r-1; drop', null],
  ['99999999999999999999', null],
])('%j means the run %s', async (text, runId) => {
  const store = await aStore(await aProject());
  store.createRun({ spec: aSpec({ goal: 'add jwt' }), clientKey: null });

  expect(store.resolveRun(text)).toBe(runId);
});

test('runs are listed newest first, page by page', async () => {
  const store = await aStore(await aProject());
  for (let count = 0; count < 5; count += 1) {
    store.createRun({ spec: aSpec(), clientKey: null });
  }

  const first = store.listRuns({ limit: 2, before: null });
  const second = store.listRuns({ limit: 2, before: first.at(-1)?.number ?? null });

  expect([...first, ...second].map(({ number }) => number)).toEqual([5, 4, 3, 2]);
});

test('a run that is over is not active', async () => {
  const store = await aStore(await aProject());
  const over = store.createRun({ spec: aSpec(), clientKey: null }).runId;
  const active = store.createRun({ spec: aSpec(), clientKey: null }).runId;

  append(store, { runId: over, epoch: own(store, over) }, [
    { type: 'run.finished', outcome: 'failed', reason: 'no' },
  ]);

  expect(store.activeRuns().map(({ runId }) => runId)).toEqual([active]);
  expect(store.view(over)).toMatchObject({ state: 'failed', reason: 'no' });
});

test('a run that is not there is named in the error', async () => {
  const store = await aStore(await aProject());

  expect(() => store.view('r-7-gone')).toThrow('There is no run r-7-gone');
  expect(() => store.readEvents('r-7-gone', 0, 1)).toThrow('There is no run r-7-gone');
});
