import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { RunEvent } from '../../src/core/event.ts';
import type { Json } from '../../src/core/json.ts';
import type { NodeSpec } from '../../src/core/node.ts';
import { providers } from '../../src/providers/providers.ts';
import { aNode, aWriter } from '../core/build.ts';
import { aHouse, writer, type House } from './house.ts';

const good = { status: 'pass', summary: 'done', changed_files: ['one/a.txt'], commands: [] };
const work = { do: 'write', path: 'one/a.txt', text: 'a\n' };
const answers = (value: Json) => ({ do: 'handoff', value });
const misfit = answers({ status: 'done', summary: 'done' });

const scriptedWriter = (over: Partial<NodeSpec> = {}): NodeSpec =>
  aWriter('one', { provider: 'scripted', retries: 0, ...over });

async function executed(
  house: House,
  scripts: unknown,
  spec: NodeSpec = scriptedWriter(),
  life: Parameters<House['own']>[1] = {},
) {
  await house.script({ one: scripts });
  const runId = await house.create({ nodes: [spec] });
  await house.own(runId, life);
  const node = house.run(runId).nodes.get('one');
  const file = (attempt: number, name: string) =>
    readFile(join(house.engine.paths.attemptFolder(runId, 'one', attempt), name), 'utf8');
  return { runId, node, file, returned: returnsOf(house.events(runId)) };
}

function returnsOf(events: readonly RunEvent[]) {
  return events.flatMap((event) => (event.type === 'node.returned' ? [event] : []));
}

test('a handoff that does not fit is asked for once more in the same session, and the work is kept', async () => {
  const house = await aHouse();
  const { node, file, returned } = await executed(house, [[work, misfit], [answers(good)]]);
  expect(node).toMatchObject({ counted: 0, state: { status: 'verified', attempt: 2 } });
  expect(returned).toMatchObject([{ repair: true, counts: false, attempt: 1 }]);
  const session = node?.attempts[0]?.ending?.session ?? 'none';
  expect(await file(2, 'command.json')).toContain(`"${session}"`);
  expect(await file(2, 'command.json')).toContain('"--resume"');
  const prompt = await file(2, 'prompt.md');
  expect(prompt).toContain('status "done" is not possible here.');
  expect(prompt).toContain('Do not redo the work');
  expect(prompt).not.toContain('The goal of the whole run');
  expect(await file(2, 'prompt-version')).toBe(await file(1, 'prompt-version'));
  expect(await house.git('show', 'main:one/a.txt')).toBe('a');
});

test('a second handoff that does not fit is a failed attempt', async () => {
  const house = await aHouse();
  const { node } = await executed(house, [[work, misfit], [misfit]]);
  expect(node?.attempts).toHaveLength(2);
  expect(node).toMatchObject({
    state: {
      status: 'failed',
      message: expect.stringContaining('after 2 attempts, 1 of them only for the handoff'),
    },
  });
});

test('with retries left the work is then asked for anew, in a session of its own', async () => {
  const house = await aHouse();
  const { node, file, returned } = await executed(
    house,
    [[work, misfit], [misfit], [answers(good)]],
    scriptedWriter({ retries: 1 }),
  );
  expect(node).toMatchObject({ counted: 1, state: { status: 'verified', attempt: 3 } });
  expect(returned.map(({ repair, counts }) => [repair, counts])).toEqual([
    [true, false],
    [undefined, true],
  ]);
  expect(await file(3, 'command.json')).not.toContain('"--resume"');
  expect(await file(3, 'prompt.md')).toContain('This is attempt 3');
});

test('a worker that cannot go on with a session has failed at once', async () => {
  const house = await aHouse();
  const forgetful = providers.map((one) => ({
    ...one,
    abilities: { ...one.abilities, resume: false },
  }));
  const { node } = await executed(house, [[work, misfit], [answers(good)]], scriptedWriter(), {
    providers: forgetful,
  });
  expect(node?.attempts).toHaveLength(1);
  expect(node?.state.status).toBe('failed');
});

test('a session that is gone costs an attempt, not the node', async () => {
  const house = await aHouse();
  const { node, file } = await executed(
    house,
    [
      [work, misfit],
      [{ do: 'fail', class: 'invalid', message: 'no such session' }],
      [answers(good)],
    ],
    scriptedWriter({ retries: 1 }),
  );
  expect(node).toMatchObject({ counted: 1, state: { status: 'verified', attempt: 3 } });
  expect(await file(3, 'prompt.md')).toContain('status "done" is not possible');
});

test('an owner that dies over a repair leaves the work to the next attempt', async () => {
  const house = await aHouse();
  await house.script({ one: [[work, misfit], [{ do: 'hang' }], [answers(good)]] });
  const runId = await house.create({ nodes: [scriptedWriter()] });
  const dies = {
    when: 'after' as const,
    at: (event: RunEvent) => event.type === 'attempt.started' && event.attempt === 2,
  };
  expect(await house.own(runId, { dies })).toBe('died');
  expect(await house.own(runId)).toBe('ended');
  const node = house.run(runId).nodes.get('one');
  expect(node).toMatchObject({ counted: 0, state: { status: 'verified', attempt: 3 } });
  expect(node?.attempts[2]?.goesOn).toBeUndefined();
  expect(await house.git('show', 'main:one/a.txt')).toBe('a');
});

test('what a repaired handoff says it ran is looked up where the work was done', async () => {
  const house = await aHouse();
  const checked = { ...good, commands: [{ command: 'test -f one/a.txt', exit_code: 0 }] };
  const { node } = await executed(house, [
    [work, { do: 'shell', command: 'test -f one/a.txt' }, misfit],
    [answers(checked)],
  ]);
  expect(node?.state.status).toBe('verified');
});

test.each<[string, unknown[], string]>([
  ['a file that did not change', [work, answers({ ...good, changed_files: ['one/b.txt'] })], 'b.'],
  ['a command that never ran', [work, { do: 'claim', text: 'All tests pass.' }], 'npm test'],
  [
    'a failure as a pass',
    [
      work,
      { do: 'shell', command: 'test -f one/b.txt' },
      answers({ ...good, commands: [{ command: 'test -f one/b.txt', exit_code: 0 }] }),
    ],
    'exit code 1',
  ],
])('a claim that does not fit fails the attempt: %s', async (_name, steps, title) => {
  const house = await aHouse();
  const { node, returned } = await executed(
    house,
    [steps, [answers(good)]],
    scriptedWriter({ retries: 1 }),
  );
  expect(returned[0]).toMatchObject({
    counts: true,
    findings: [{ severity: 'major', title: expect.stringContaining(title) }],
  });
  expect(returned[0]?.repair).toBeUndefined();
  expect(node).toMatchObject({ counted: 1, state: { status: 'verified' } });
});

test.each<[string, Json, string]>([
  ['5 MB', { ...good, summary: 'x'.repeat(5_000_000) }, 'more than 1,000,000 characters'],
  ['100,000 findings', { ...good, findings: Array.from({ length: 100_000 }, () => 1) }, '20,000'],
  ['a thousand levels', { ...good, notes: nested(1_000) }, 'no JSON that can be read'],
])('a handoff of %s is a clear finding', async (_name, value, title) => {
  const house = await aHouse();
  const { returned, node } = await executed(house, [[work, answers(value)], [answers(good)]]);
  expect(returned[0]?.findings).toMatchObject([{ title: expect.stringContaining(title) }]);
  expect(node?.state.status).toBe('verified');
});

test('a no of a tester is an answer where a gate node reads it, and else a failed attempt', async () => {
  const house = await aHouse();
  const no = answers({ status: 'fail', summary: 'two tests fail' });
  await house.script({ read: [no], unread: [no] });
  const tester = { provider: 'scripted', role: 'testing', retries: 0 } as const;
  const runId = await house.create({
    nodes: [
      aNode('read', tester),
      aNode('unread', tester),
      writer('never', 'false', { retries: 0 }),
      aNode('quality', { kind: 'gate', needs: ['read', 'never'], passWhen: ['true'] }),
    ],
  });
  await house.own(runId);
  const { nodes } = house.run(runId);
  expect(nodes.get('read')?.state.status).toBe('verified');
  expect(nodes.get('unread')?.state).toMatchObject({
    status: 'failed',
    message: expect.stringContaining('The worker says fail: two tests fail'),
  });
});

test('what a judge finds is the answer of a run that is nothing else', async () => {
  const house = await aHouse();
  const no = answers({ status: 'fail', summary: 'two tests fail' });
  await house.script({ one: [no] });
  const asked = async (role: 'testing' | 'implementation') => {
    const spec = aNode('one', { provider: 'scripted', role, retries: 0 });
    const runId = await house.create({ nodes: [spec] });
    await house.own(runId);
    return house.run(runId).nodes.get('one')?.state.status;
  };
  expect(await asked('testing')).toBe('verified');
  expect(await asked('implementation')).toBe('failed');
});

function nested(levels: number): Json {
  let value: Json = 'deep';
  for (let level = 0; level < levels; level += 1) value = [value];
  return value;
}
