import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { z } from 'zod';
import { handoff } from '../../src/operations/handoff.ts';
import { output } from '../../src/operations/output.ts';
import { pageOfText } from '../../src/operations/page.ts';
import { aNode } from '../core/build.ts';
import { aProject, aReuse, aRun, type TestProject } from './project.ts';

async function read(project: TestProject, asked: Record<string, unknown>) {
  const answer = await output.call(asked, project.context);
  return { shown: answer.text, ...output.output.parse(answer.data) };
}

async function anAttempt(files: Record<string, string>) {
  const project = await aProject();
  const run = aRun(project, [aNode('a'), aNode('b')]);
  run.owner.start('a');
  const folder = project.store.paths.attemptFolder(run.runId, 'a', 1);
  await mkdir(folder, { recursive: true });
  for (const [name, text] of Object.entries(files)) await writeFile(join(folder, name), text);
  return { project, runId: run.runId };
}

test('a short part is the text and nothing else', async () => {
  const { project, runId } = await anAttempt({ 'prompt.md': '# Do it\n' });
  const page = await read(project, { run_id: runId, node: 'a', part: 'prompt' });
  expect(page.text).toBe('# Do it\n');
  expect(page.next).toBeNull();
});

test('a long file comes in pages that together are the file, each named by the one before', async () => {
  const lines = Array.from({ length: 3_000 }, (_, index) => `{"n":${index},"ü":"漢字"}\n`).join('');
  const { project, runId } = await anAttempt({ 'events.ndjson': lines });
  let all = '';
  let cursor = 0;
  for (;;) {
    const page = await read(project, { run_id: runId, node: 'a', part: 'events', cursor });
    const { text } = output.output.parse(
      (await output.call({ run_id: runId, node: 'a', part: 'events', cursor }, project.context))
        .data,
    );
    expect(Buffer.byteLength(text)).toBeLessThanOrEqual(8_000);
    all += text;
    if (page.next === null) break;
    expect(page.shown).toContain(`go on with cursor ${page.cursor}]`);
    cursor = page.cursor;
  }
  expect(all).toBe(lines);
});

test.each([
  [{ part: 'prompt', node: 'a' }, 'there are 9 bytes. From the beginning: output {run_id: '],
  [{ part: 'events' }, /has \d+ events\. From the beginning: output \{run_id: /],
])('a cursor behind the end of %j is told of', async (asked, message) => {
  const { project, runId } = await anAttempt({ 'prompt.md': '# Do it\n\n' });
  const end = { run_id: runId, ...asked };
  await expect(read(project, { ...end, cursor: 99_999_999_999 })).rejects.toThrow(message);
  const { cursor } = await read(project, end);
  expect(await read(project, { ...end, cursor })).toMatchObject({ text: '', next: null });
});

test('the largest page stays below the hard cap of an answer', async () => {
  const { project, runId } = await anAttempt({ 'prompt.md': 'x '.repeat(100_000) });
  const { text } = await read(project, {
    run_id: runId,
    node: 'a',
    part: 'prompt',
    max_bytes: 30_000,
  });
  expect(Buffer.byteLength(text)).toBeLessThanOrEqual(30_000);
});

test('a log is what the worker did, line by line, and what it said on stderr', async () => {
  const at = Date.UTC(2026, 0, 2, 3, 4, 5);
  const events = [
    {
      at,
      type: 'tool.started',
      id: '1',
      tool: 'Bash',
      kind: 'shell',
      summary: 'npm test',
      paths: [],
    },
    { at, type: 'tool.ended', id: '1', ok: false, exitCode: 1, summary: '2 failing' },
    { at, type: 'result', ok: true, text: 'All done.' },
  ];
  const { project, runId } = await anAttempt({
    'events.ndjson': `${events.map((event) => JSON.stringify(event)).join('\n')}\nnot json\n`,
    'stderr.txt': 'warning: old\n',
  });
  const { text } = await read(project, { run_id: runId, node: 'a', part: 'log' });
  expect(text).toBe(
    '03:04:05 → Bash: npm test\n03:04:05 ✗ 2 failing\n03:04:05 = All done.\n--- stderr ---\nwarning: old\n',
  );
  const result = await read(project, { run_id: runId, node: 'a' });
  expect(result.text).toBe('All done.');
});

test('what the worker of a reused node did is read where it was done', async () => {
  const { project, runId } = await anAttempt({
    'prompt.md': '# Do it\n',
    'handoff.json': '{"status":"pass"}\n',
  });
  const later = aRun(project, [aNode('c'), aNode('d')]);
  later.record([aReuse('c', { run: runId, node: 'a', attempt: 1 })]);
  const asked = { run_id: later.runId, node: 'c' };
  expect((await read(project, { ...asked, part: 'prompt' })).text).toBe('# Do it\n');
  const { data } = await handoff.call({ action: 'read', ...asked }, project.context);
  expect(data).toMatchObject({
    text: '{"status":"pass"}\n',
    attempts: [{ attempt: 1, state: 'accepted' }],
  });
});

test('what is not there yet is said with the state and the next step', async () => {
  const { project, runId } = await anAttempt({});
  await expect(read(project, { run_id: runId, node: 'b', part: 'handoff' })).rejects.toThrow(
    `Node b of ${runId} has no handoff yet (waiting).`,
  );
  await expect(read(project, { run_id: runId, part: 'report' })).rejects.toThrow('no report yet');
});

test('a part of a node needs the node named when there are several', async () => {
  const { project, runId } = await anAttempt({});
  await expect(read(project, { run_id: runId, part: 'log' })).rejects.toThrow('node: a, b');
});

test('a node name with a path in it is no node', async () => {
  const { project, runId } = await anAttempt({});
  await expect(read(project, { run_id: runId, node: '../../etc', part: 'prompt' })).rejects.toThrow(
    'has no node ../../etc',
  );
});

test('pages of any text are whole characters and together the text', () => {
  fc.assert(
    fc.property(
      fc.string({ unit: 'binary', minLength: 1 }),
      fc.integer({ min: 8, max: 64 }),
      (text, most) => {
        const whole = Buffer.from(text).toString();
        let all = '';
        let from = 0;
        for (;;) {
          const page = pageOfText(whole, { from, most });
          if (page === null) break;
          all += page.text;
          if (page.end >= page.total) break;
          expect(page.end).toBeGreaterThan(from);
          from = page.end;
        }
        expect(all).toBe(whole);
      },
    ),
  );
});

test('the events of a run of any length are told page by page to the end, and what comes later after it', async () => {
  const project = await aProject();
  const run = aRun(project, [aNode('a', { task: 'x'.repeat(30_000) })]);
  const failed = { type: 'node.failed' as const, node: 'a', message: 'again', findings: [] };
  for (let batch = 0; batch < 6; batch += 1)
    run.record(Array.from({ length: 1_000 }, () => failed));
  const asked = { run_id: run.runId, part: 'events', max_bytes: 30_000 };
  let all = '';
  let cursor = 0;
  for (;;) {
    const page = await read(project, { ...asked, cursor });
    expect(Buffer.byteLength(page.text)).toBeLessThanOrEqual(30_000);
    all += page.text;
    cursor = page.cursor;
    if (page.next === null) break;
  }
  const seqs = all
    .trimEnd()
    .split('\n')
    .map((line) => z.object({ seq: z.number() }).parse(JSON.parse(line)).seq);
  expect(seqs).toEqual(Array.from({ length: project.store.lastSeq(run.runId) }, (_, at) => at + 1));
  run.owner.start('a');
  const { text } = await read(project, { ...asked, cursor });
  expect(text.match(/"type":"[a-z.]+"/g)).toEqual([
    '"type":"attempt.started"',
    '"type":"attempt.spawned"',
  ]);
});

test('a page of events reads from its cursor on and nothing before it', async () => {
  const project = await aProject();
  const run = aRun(project, [aNode('a')]);
  for (let batch = 0; batch < 5; batch += 1)
    run.record(Array.from({ length: 100 }, () => ({ type: 'node.stopped' as const, node: 'a' })));
  const asked = { run_id: run.runId, part: 'events', max_bytes: 30_000 };
  let { cursor, next } = await read(project, asked);
  while (next !== null) ({ cursor, next } = await read(project, { ...asked, cursor }));
  const from: number[] = [];
  const { readEvents } = project.store;
  project.store.readEvents = (runId, seq, limit) => {
    from.push(seq);
    return readEvents(runId, seq, limit);
  };
  expect((await read(project, { ...asked, cursor })).text).toBe('');
  expect(from).toEqual([project.store.lastSeq(run.runId)]);
});

test('the result of a run that changes nothing is what its last agents hand over, whoever judges them', async () => {
  const project = await aProject();
  const nodes = [
    aNode('judge', { kind: 'gate', needs: ['b', 'c'], passWhen: ['true'] }),
    aNode('a'),
    aNode('b', { needs: ['a'] }),
    aNode('c', { needs: ['a'] }),
  ];
  const { runId, owner } = aRun(project, nodes);
  await expect(read(project, { run_id: runId })).rejects.toThrow('has no result yet');
  for (const { name } of nodes.slice(1)) {
    owner.start(name);
    owner.verify(name);
    const folder = project.store.paths.attemptFolder(runId, name, 1);
    await mkdir(folder, { recursive: true });
    await writeFile(join(folder, 'handoff.json'), JSON.stringify({ summary: `${name} says` }));
  }
  const page = await read(project, { run_id: runId });
  expect(page.text).toBe('# b\n\nb says\n\n# c\n\nc says\n');
  expect(page.handoffs).toEqual({ b: { summary: 'b says' }, c: { summary: 'c says' } });
  const exact = await read(project, { run_id: runId, part: 'handoff' });
  expect(JSON.parse(exact.text)).toEqual(page.handoffs);
});
