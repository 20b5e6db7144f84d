import { execa } from 'execa';
import {
  appendFile,
  mkdir,
  readFile,
  readdir,
  rename,
  stat,
  utimes,
  writeFile,
} from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { isOver } from '../../src/core/view.ts';
import { ensureOwner } from '../../src/engine/ensure-owner.ts';
import { verifyReceipt } from '../../src/engine/verify-receipt.ts';
import { verifyRun } from '../../src/engine/verify.ts';
import { workflowControl } from '../../src/operations/workflow-control.ts';
import { output } from '../../src/operations/output.ts';
import { project } from '../../src/operations/project.ts';
import { projectApply } from '../../src/operations/project-apply.ts';
import { aNode } from '../core/build.ts';
import { aHouse, until, type House } from '../engine/house.ts';
import { contextOf } from './context-of-house.ts';

const archive = async (house: House, input: object = { dry_run: false }) =>
  (await projectApply.call({ action: 'archive', older_than_days: 0, ...input }, contextOf(house)))
    .data;

/** A run of two nodes that is over, whose worker had much to say. */
async function aTalkativeRun() {
  const house = await aHouse();
  const value = { status: 'pass', summary: 'done' };
  await house.script({ one: [[{ do: 'handoff', value }]], two: [[{ do: 'handoff', value }]] });
  const nodes = ['one', 'two'].map((name) => aNode(name, { provider: 'scripted' }));
  const runId = await house.create({ nodes, land: 'branch' });
  await house.own(runId);
  const folder = house.engine.paths.attemptFolder(runId, 'one', 1);
  const lines = Array.from(
    { length: 400 },
    (_, index) =>
      `${JSON.stringify({ type: 'text', text: `line ${index} of ü 漢字`, at: index })}\n`,
  );
  await appendFile(join(folder, 'events.ndjson'), lines.join(''));
  await appendFile(join(folder, 'stderr.txt'), 'said on stderr\n'.repeat(600));
  const archived = join(house.engine.paths.archives, runId, 'nodes', 'one', '1');
  return { house, runId, folder, archived };
}

/** All that can be read of the run, whole. */
async function readAll(house: House, runId: string): Promise<Record<string, unknown>> {
  const read: Record<string, unknown> = {};
  for (const part of ['log', 'events', 'prompt', 'result', 'handoff', 'receipt', 'report']) {
    let cursor: unknown = 0;
    const pages: unknown[] = [];
    for (let next: unknown = ''; next !== null;) {
      const asked = { run_id: runId, node: 'one', part, cursor };
      const { data } = await output.call(asked, contextOf(house));
      pages.push(data['text']);
      ({ cursor, next } = data);
    }
    read[part] = pages;
  }
  return read;
}

test('what a run said is compressed in the archives, and reads as before', async () => {
  const { house, runId, archived } = await aTalkativeRun();
  const before = await readAll(house, runId);
  const shown = await archive(house, {});
  expect(shown['steps']).toMatchObject([{ what: `compress and move to archives/${runId}` }]);
  expect(shown).not.toHaveProperty('bytes_after');
  const done = await archive(house);
  expect(done['bytes']).toBe(shown['bytes']);
  expect(Number(done['bytes_after'])).toBeLessThan(Number(done['bytes']) / 2);
  const names = await readdir(archived);
  expect(names).toEqual(expect.arrayContaining(['events.ndjson.gz', 'stderr.txt.gz']));
  expect(names).not.toContain('events.ndjson');
  expect(await readAll(house, runId)).toEqual(before);
  const { stdout } = await execa('gzip', ['-dc', join(archived, 'stderr.txt.gz')]);
  expect(stdout).toContain('said on stderr');
  expect((await stat(join(archived, 'events.ndjson.gz'))).mode & 0o777).toBe(0o600);
  expect((await archive(house, {}))['steps']).toEqual([]);
});

test('receipts of an archived run are found by the path they had and by the one they have', async () => {
  const { house, runId } = await aTalkativeRun();
  await archive(house);
  const { engine } = house;
  const file = engine.paths.receipt(runId, 'one');
  const receipt = `.agent-workspace/archives/${runId}/receipts/one.json`;
  expect(await verifyReceipt(engine, { file })).toMatchObject({ pass: true, receipt });
  expect(await verifyReceipt(engine, { file: receipt })).toMatchObject({ pass: true, receipt });
  const { data } = await project.call({ what: 'audit' }, contextOf(house));
  expect(data['problems']).toEqual([]);
});

test('an archived run is proved again where it is', async () => {
  const house = await aHouse();
  const runId = await house.create({
    nodes: [aNode('one', { kind: 'command', write: true, scope: 'any', task: 'echo 1 > one.txt' })],
  });
  await house.own(runId);
  await archive(house);
  const signal = new AbortController().signal;
  const wish = { runId, node: 'one', commands: ['true'], signal };
  expect(await verifyRun(house.engine, wish)).toMatchObject({
    pass: true,
    receipt: `.agent-workspace/archives/${runId}/receipts/one.json`,
  });
  expect(await readdir(house.engine.paths.runs)).toEqual([]);
});

test('what was proved by a run that is archived is taken over by the next', async () => {
  const house = await aHouse();
  const value = { status: 'pass', summary: 'done' };
  await house.script({ one: [[{ do: 'handoff', value }]] });
  const nodes = [aNode('one', { provider: 'scripted' })];
  const first = await house.create({ nodes, land: 'branch', reuse: 'yes' });
  await house.own(first);
  await archive(house);
  const second = await house.create({ nodes, land: 'branch', reuse: 'yes' });
  await house.own(second);
  expect(house.store.node(second, 'one')?.reused?.run).toBe(first);
  const { data } = await output.call({ run_id: second, part: 'handoff' }, contextOf(house));
  expect(data['text']).toContain('done');
});

test('what was cut off is whole, and gone on with by the next call', async () => {
  const { house, runId, folder, archived } = await aTalkativeRun();
  const before = await readAll(house, runId);
  // Killed while the third file was compressed: moved, one done, one done and not removed, one half.
  await execa('gzip', [join(folder, 'stderr.txt')]);
  await execa('gzip', ['--keep', join(folder, 'events.ndjson')]);
  const half = join(folder, 'events.ndjson.abc.gz.half');
  await writeFile(half, 'half');
  await utimes(half, 1, 1);
  const { paths } = house.engine;
  await mkdir(paths.archives);
  await rename(paths.runFolder(runId), join(paths.archives, runId));
  expect(await readAll(house, runId)).toEqual(before);
  expect((await archive(house))['steps']).toMatchObject([
    { what: 'compress', path: `.agent-workspace/archives/${runId}` },
  ]);
  const names = await readdir(archived);
  expect(names).not.toContain('events.ndjson');
  expect(names.filter((name) => name.endsWith('.half'))).toEqual([]);
  expect(await readAll(house, runId)).toEqual(before);
});

test('a compressed stream that is not whole is said to be so', async () => {
  const { house, runId, archived } = await aTalkativeRun();
  await archive(house);
  const file = join(archived, 'events.ndjson.gz');
  await writeFile(file, (await readFile(file)).subarray(0, 200));
  const asked = { run_id: runId, node: 'one', part: 'events' };
  await expect(output.call(asked, contextOf(house))).rejects.toThrow('events.ndjson.gz');
});

test('an archived run that is to go on is taken back, and goes on', async () => {
  const { house, runId } = await aTalkativeRun();
  const log = await readAll(house, runId);
  await archive(house);
  const context = contextOf(house);
  const { env, clock } = house.engine;
  context.ensureOwner = (id) => ensureOwner(house.store, { runId: id, env, clock });
  const asked = { run_id: runId, action: 'retry', node: 'two' };
  await workflowControl.call(asked, context);
  await workflowControl.call({ run_id: runId, action: 'resume' }, context);
  await until(async () => Promise.resolve(isOver(house.store.view(runId).state)));
  await until(async () => Promise.resolve(house.store.leaseOf(runId).holder === null));
  expect(house.store.node(runId, 'two')).toMatchObject({ attempt: 2, state: 'verified' });
  expect(await readdir(house.engine.paths.runs)).toEqual([runId]);
  expect((await readAll(house, runId))['log']).toEqual(log['log']);
  const index = (await house.lines('repo/.agent-workspace/archives/index.ndjson')).at(-1) ?? '';
  expect(JSON.parse(index)).toMatchObject({ name: runId, taken_back_at: expect.any(String) });
});
