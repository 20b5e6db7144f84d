import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { eventsOfControl } from '../../src/core/control.ts';
import type { RunEvent } from '../../src/core/event.ts';
import type { NodeSpec } from '../../src/core/node.ts';
import { providers } from '../../src/providers/providers.ts';
import { aWriter } from '../core/build.ts';
import { aHouse, hearing, until, untilFile, writer, type House } from './house.ts';

const said = 'Use tabs, not blanks.';
const good = { status: 'pass', summary: 'done', changed_files: [], commands: [] };
const done = { do: 'handoff', value: good };
const write = (name: string) => ({ do: 'write', path: `one/${name}`, text: `${name}\n` });
/** Writes, says so outside, and does not end. */
const half = [write('a'), { do: 'shell', command: 'touch ../../../../../half' }, { do: 'hang' }];
const rest = [write('b'), done];

const scripted = (over: Partial<NodeSpec> = {}): NodeSpec =>
  aWriter('one', { provider: 'scripted', retries: 0, ...over });

async function started(house: House, scripts: unknown, life: Parameters<House['own']>[1] = {}) {
  await house.script({ one: scripts });
  const runId = await house.create({ nodes: [scripted()] });
  const owned = house.own(runId, life);
  return { runId, owned, node: () => house.run(runId).nodes.get('one') };
}

const tell = (house: House, runId: string, text = said) =>
  house.store.sendSignal(runId, { kind: 'tell', node: 'one', text });

const fileOf = (house: House, runId: string, attempt: number, name: string) =>
  readFile(join(house.engine.paths.attemptFolder(runId, 'one', attempt), name), 'utf8');

test('a worker that is told something goes on in its session, and what it has done is kept', async () => {
  const house = await aHouse();
  const { runId, owned, node } = await started(house, [half, rest]);
  await until(() => house.exists('half'));
  tell(house, runId);
  expect(await owned).toBe('ended');
  expect(node()).toMatchObject({
    counted: 0,
    uncounted: 0,
    state: { status: 'verified', attempt: 2 },
  });
  const session = node()?.attempts[0]?.ending?.session ?? 'none';
  expect(await fileOf(house, runId, 2, 'command.json')).toContain(`"${session}"`);
  const prompt = await fileOf(house, runId, 2, 'prompt.md');
  expect(prompt).toContain(said);
  expect(prompt).not.toContain('The goal of the whole run');
  expect(await house.git('show', 'main:one/a', 'main:one/b')).toBe('a\nb');
});

test('a worker whose CLI goes on with no session begins anew, on what is there', async () => {
  const house = await aHouse();
  const forgetful = providers.map((one) => ({
    ...one,
    abilities: { ...one.abilities, resume: false },
  }));
  const { runId, owned } = await started(house, [half, rest], { providers: forgetful });
  await until(() => house.exists('half'));
  tell(house, runId);
  await owned;
  expect(await fileOf(house, runId, 2, 'command.json')).not.toContain('"--resume"');
  const prompt = await fileOf(house, runId, 2, 'prompt.md');
  expect(prompt).toContain('The goal of the whole run');
  expect(prompt).toContain(`What you were told since`);
  expect(await house.git('show', 'main:one/a', 'main:one/b')).toBe('a\nb');
});

test('a node that waits is told when its worker starts, and every worker after it', async () => {
  const house = await aHouse();
  await house.script({ one: [[{ do: 'fail', class: 'transient', message: 'oh' }], rest] });
  const nodes = [writer('first', untilFile('go')), scripted({ needs: ['first'], retries: 1 })];
  const settings = { retries: { backoff: { base: 1 } } };
  const runId = await house.create({ nodes, settings });
  const told = hearing((event) => event.type === 'node.told');
  const owned = house.own(runId, { onAppend: told.onAppend });
  tell(house, runId);
  await told.happened;
  await writeFile(join(house.folder, 'go'), '');
  await owned;
  for (const attempt of [1, 2])
    expect(await fileOf(house, runId, attempt, 'prompt.md')).toContain(said);
  expect(house.run(runId).nodes.get('one')?.attempts).toHaveLength(2);
});

test('what is said while the work is gated comes before the verdict', async () => {
  const house = await aHouse();
  await house.script({ one: [[write('a'), done], rest] });
  const fifo = join(house.folder, 'gate');
  const command = `test -e one/b || { touch ${house.folder}/gated; until test -e ${fifo}; do sleep 0.02; done; }`;
  const gates = [{ gate: 'command' as const, command, timeoutMs: null }];
  const runId = await house.create({ nodes: [scripted({ gates })] });
  const told = hearing((event) => event.type === 'node.told');
  const owned = house.own(runId, { onAppend: told.onAppend });
  await until(() => house.exists('gated'));
  tell(house, runId);
  await told.happened;
  await writeFile(fifo, '');
  await owned;
  expect(house.run(runId).nodes.get('one')?.state).toMatchObject({
    status: 'verified',
    attempt: 2,
  });
  expect(await house.git('show', 'main:one/a', 'main:one/b')).toBe('a\nb');
});

const isAt: [string, (event: RunEvent) => boolean][] = [
  ['it was told', (event) => event.type === 'node.told'],
  ['its worker was ended', (event) => event.type === 'attempt.ended'],
  ['its work was kept', (event) => event.type === 'work.committed'],
  ['it was sent on', (event) => event.type === 'node.returned'],
];
test.each(isAt)('an owner that dies as soon as %s loses nothing of it', async (_name, at) => {
  const house = await aHouse();
  const { runId, owned, node } = await started(house, [half, rest], {
    dies: { when: 'after', at },
  });
  await until(() => house.exists('half'));
  tell(house, runId);
  expect(await owned).toBe('died');
  expect(await house.own(runId)).toBe('ended');
  expect(node()).toMatchObject({ counted: 0, state: { status: 'verified', attempt: 2 } });
  expect(await fileOf(house, runId, 2, 'prompt.md')).toContain(said);
  expect(await house.git('show', 'main:one/a', 'main:one/b')).toBe('a\nb');
});

test('a stop of the run comes before what was said', async () => {
  const house = await aHouse();
  const { runId, owned, node } = await started(house, [half, rest]);
  await until(() => house.exists('half'));
  tell(house, runId);
  house.store.sendSignal(runId, { kind: 'stop', node: null, force: false });
  await owned;
  expect(node()?.state.status).toBe('stopped');
  expect(node()?.attempts).toHaveLength(1);
});

test('who is done, and who has no worker, is told nothing', async () => {
  const house = await aHouse();
  await house.script({ one: [[write('a'), done]] });
  const nodes = [scripted(), writer('two', 'true')];
  const runId = await house.create({ nodes });
  const told = (node: string) =>
    eventsOfControl(house.run(runId), { kind: 'tell', node, text: said });
  expect(told('two')).toMatchObject({
    code: 'node-state',
    wanted: expect.stringContaining('worker'),
  });
  await house.own(runId);
  expect(told('one')).toMatchObject({ code: 'node-state', fix: expect.stringContaining('retry') });
  expect(told('none')).toMatchObject({ code: 'node-not-found' });
});
