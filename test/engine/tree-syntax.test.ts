import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { z } from 'zod';
import type { Verdict } from '../../src/core/gate.ts';
import type { RunEvent } from '../../src/core/event.ts';
import { verifyReceipt } from '../../src/engine/verify-receipt.ts';
import { verifyFolder, verifyRun } from '../../src/engine/verify.ts';
import { aHouse, untilFile, writer, type House } from './house.ts';

const scope = (...allow: string[]) => ({ scope: { allow, deny: [], maxDiffLines: null } });

const lines = Array.from({ length: 20 }, (_, index) => `export const c${index} = ${index};`);

/** A repository whose main holds `a.ts` of twenty lines. */
async function aHouseOfScripts(): Promise<House> {
  const house = await aHouse();
  await writeFile(join(house.repo, 'a.ts'), `${lines.join('\n')}\n`);
  await house.git('add', '-A');
  await house.git('commit', '-qm', 'twenty lines');
  return house;
}

/** Each leaves a file that can be read. Merged by git without a conflict it names the same thing twice. */
const onTop = '{ echo "export const same = 1;"; cat a.ts; } > x && mv x a.ts';
const below = 'echo "export const same = 2;" >> a.ts';

const unreadable = { title: expect.stringMatching(/^a\.ts:\d+ cannot be read: .*same/) };

const evidenceOf = (house: House, runId: string, place: string) =>
  readFile(join(house.store.paths.runFolder(runId), 'gates', place, 'gate-syntax.json'), 'utf8');

const only = <Type extends RunEvent['type']>(house: House, runId: string, type: Type) =>
  house
    .events(runId)
    .filter((event): event is Extract<RunEvent, { type: Type }> => event.type === type);

test('a merged tree with a file that nobody can read goes back to its node', async () => {
  const house = await aHouseOfScripts();
  // Its first attempt is refused; before its second one, `first` changes the same file and lands.
  const second = [
    untilFile('zero-ran'),
    '[ "$(grep -c same a.ts)" -lt 2 ] || sed -i "\\$d" a.ts',
    `grep -q same a.ts || ${below}`,
    '[ "$MO_ATTEMPT_NO" = 1 ] || touch ok.txt',
  ];
  const gate = { gate: 'command' as const, command: 'test -e ok.txt', timeoutMs: null };
  const runId = await house.create({
    nodes: [
      writer('first', onTop, { ...scope('a.ts'), needs: ['zero'] }),
      writer('second', second.join('; '), { ...scope('a.ts', 'ok.txt'), gates: [gate] }),
      writer('zero', 'touch zero.txt'),
    ],
  });
  const onAppend = (events: readonly RunEvent[]): void => {
    if (events.some((event) => event.type === 'node.landed' && event.node === 'zero'))
      void writeFile(join(house.folder, 'zero-ran'), '');
  };
  expect(await house.own(runId, { onAppend })).toBe('ended');
  const returned = only(house, runId, 'node.returned').filter((one) => one.cause === 'merged-gate');
  expect(returned).toMatchObject([{ node: 'second', findings: [unreadable] }]);
  expect(await house.git('show', 'main:a.ts')).toBe(
    ['export const same = 1;', ...lines].join('\n'),
  );
});

test('a target that went on is not merged into a file that nobody can read', async () => {
  const house = await aHouseOfScripts();
  const runId = await house.create({ nodes: [writer('one', below, scope('a.ts'))] });
  await writeFile(join(house.repo, 'a.ts'), ['export const same = 1;', ...lines, ''].join('\n'));
  await house.git('commit', '-qam', 'somebody was quicker');
  expect(await house.own(runId)).toBe('ended');
  expect(only(house, runId, 'land.refused')).toMatchObject([
    { code: 'merged-gate', message: expect.stringContaining('does not pass syntax') },
  ]);
  expect(JSON.parse(await evidenceOf(house, runId, 'merge'))).toMatchObject({
    findings: [unreadable],
  });
});

test('the integrated tree is read as a whole: what came in as a sample and moved does not pass', async () => {
  const house = await aHouse();
  const runId = await house.create({
    nodes: [
      writer('one', 'mkdir -p fixtures; echo "{ broken" > fixtures/a.json', scope('fixtures/**')),
      writer('two', 'mv fixtures/a.json a.json', {
        ...scope('fixtures/**', 'a.json'),
        needs: ['one'],
      }),
    ],
  });
  expect(await house.own(runId)).toBe('ended');
  expect(house.run(runId).status).toMatchObject({
    outcome: 'failed',
    reason: 'the integrated tree does not pass the gates of the run: `syntax`',
  });
  expect(only(house, runId, 'run.refused')).toMatchObject([
    { verdicts: [{ gate: 'syntax', pass: false, evidence: 'gates/verify-1/gate-syntax.json' }] },
  ]);
  expect(JSON.parse(await evidenceOf(house, runId, 'verify-1'))).toMatchObject({
    findings: [{ file: 'a.json' }],
  });
  const asked = await verifyRun(house.engine, {
    runId,
    node: null,
    commands: [],
    signal: new AbortController().signal,
  });
  expect(asked.verdicts.map(({ gate, pass }) => [gate, pass])).toEqual([
    ['scope', true],
    ['secrets', true],
    ['syntax', false],
  ]);
  expect(await openedBy(house, asked.verdicts)).toEqual(['scope', 'secrets', 'syntax']);
});

test('what is well is proved by a receipt with a verdict of the gate syntax', async () => {
  const house = await aHouse();
  const runId = await house.create({
    nodes: [writer('one', 'echo "{}" > a.json', scope('a.json'))],
  });
  expect(await house.own(runId)).toBe('ended');
  const receipt = await readFile(house.store.paths.runReceipt(runId), 'utf8');
  expect(JSON.parse(receipt)).toMatchObject({ verdicts: [{ gate: 'syntax', pass: true }] });
  const { verdicts } = await verifyReceipt(house.engine, {
    file: house.store.paths.runReceipt(runId),
  });
  expect(await openedBy(house, verdicts)).toEqual(['syntax']);
});

test('a folder is read against its base, as the settings say', async () => {
  const house = await aHouse();
  await writeFile(join(house.repo, 'a.json'), '{ broken');
  await writeFile(join(house.repo, 'b.json'), '{ broken');
  const verify = async (syntax: Record<string, string | false>) => {
    const answer = await verifyFolder(house.engine, {
      folder: '.',
      base: 'HEAD',
      commands: [],
      untrusted: null,
      settings: { gates: { syntax } },
      signal: new AbortController().signal,
    });
    expect(await openedBy(house, answer.verdicts)).toEqual(['scope', 'secrets', 'syntax']);
    return answer.verdicts.find(({ gate }) => gate === 'syntax');
  };
  expect(await verify({})).toMatchObject({
    pass: false,
    findings: [{ file: 'a.json' }, { file: 'b.json' }],
  });
  expect(await verify({ 'b.json': 'true', 'a.json': false })).toMatchObject({ pass: true });
});

/** The gates whose evidence is where the project is told that it is. */
async function openedBy({ repo }: House, verdicts: readonly Verdict[]): Promise<string[]> {
  const texts = verdicts.map(({ evidence }) => readFile(join(repo, evidence ?? ''), 'utf8'));
  const all = (await Promise.all(texts)).map((text) => evidenceFile.parse(JSON.parse(text)));
  return all.map(({ gate }) => gate);
}

const evidenceFile = z.object({ gate: z.string() });
