import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { expect, test } from 'vitest';
import { aProject, aStore } from './build.ts';
import { append, aSpec, own, started } from './make.ts';
import { commandOf, runProcess, startProcess } from './run-process.ts';
import { aNode } from '../core/build.ts';

const appendForeverScript = new URL('./processes/append-forever.ts', import.meta.url);
const claimScript = new URL('./processes/claim.ts', import.meta.url);
const openScript = new URL('./processes/open.ts', import.meta.url);
const writeScript = new URL('./processes/write.ts', import.meta.url);

const many = Array.from({ length: 8 }, (_, index) => index);

test(
  'eight processes writing five hundred times each lose nothing',
  { timeout: 180_000 },
  async () => {
    const root = await aProject();
    const store = await aStore(root);
    const shared = store.createRun({ spec: aSpec(), clientKey: null }).runId;
    own(store, shared);

    const runs = await Promise.all(
      many.map(() => runProcess(commandOf(writeScript, root, shared, '500'))),
    );

    expect(new Set(runs).size).toBe(8);
    for (const runId of runs) {
      expect(seqsOf(runId)).toEqual(upTo(102));
      expect(store.getCheckpoint({ runId, node: 'api', attempt: 1 })?.rawOffset).toBe(495);
      expect(store.leaseOf(runId).beatAt).toBe(496);
    }
    expect(seqsOf(shared)).toEqual(upTo(1 + 8 * 100));
    expect(store.lastSeq(shared)).toBe(1 + 8 * 100);
    const signals = store.takeSignals(shared, 1).map(({ signal }) => JSON.stringify(signal));
    expect(new Set(signals).size).toBe(8 * 100);

    function seqsOf(runId: string): number[] {
      return store.readEvents(runId, 0, 10_000).map(({ seq }) => seq);
    }
  },
);

test('of eight owners that claim a run at once one gets it', { timeout: 120_000 }, async () => {
  const root = await aProject();
  const store = await aStore(root);
  const { runId } = store.createRun({ spec: aSpec(), clientKey: null });
  const owners = many.map(() => startProcess(commandOf(claimScript, root, runId)));
  const lines = owners.map((owner) => createInterface(owner.stdout)[Symbol.asyncIterator]());
  await Promise.all(lines.map((line) => line.next()));

  for (const owner of owners) owner.stdin.write('go\n');

  const claims = await Promise.all(lines.map(async (line) => (await line.next()).value));
  expect(claims.filter((claim) => claim !== 'null')).toEqual(['1']);
});

test('eight processes can make a workspace in the same moment', { timeout: 120_000 }, async () => {
  const root = await aProject();
  const openers = many.map(() => startProcess(commandOf(openScript, root)));
  const lines = openers.map((opener) => createInterface(opener.stdout)[Symbol.asyncIterator]());
  const answers = () => Promise.all(lines.map(async (line) => (await line.next()).value));
  await answers();

  for (let round = 0; round < 30; round += 1) {
    for (const opener of openers) opener.stdin.write(`project ${round}\n`);
    expect(await answers()).toEqual(many.map(() => '0'));
  }

  for (const opener of openers) opener.stdin.end();
  await Promise.all(openers.map((opener) => once(opener, 'close')));
});

test('what a process has written before it is killed is there', { timeout: 120_000 }, async () => {
  const root = await aProject();
  const store = await aStore(root);
  const nodes = [aNode('api')];
  const { runId } = store.createRun({ spec: aSpec({ nodes }), clientKey: null });
  const epoch = own(store, runId);
  const writer = startProcess(commandOf(appendForeverScript, root, runId));
  let last = 0;
  for await (const line of createInterface(writer.stdout)) {
    last = Number(line);
    if (last === 300) writer.kill('SIGKILL');
  }

  const written = store.readEvents(runId, 0, 100_000);

  expect(last).toBeGreaterThanOrEqual(300);
  expect(written.length).toBeGreaterThanOrEqual(last);
  expect(written.map(({ seq }) => seq)).toEqual(upTo(written.length));
  expect(append(store, { runId, epoch }, [started('api')])).toEqual([written.length + 1]);
});

function upTo(last: number): number[] {
  return Array.from({ length: last }, (_, index) => index + 1);
}
