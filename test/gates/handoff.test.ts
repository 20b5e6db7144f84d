import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { Json } from '../../src/core/json.ts';
import type { WorkerEvent } from '../../src/core/worker.ts';
import { judgeHandoff } from '../../src/gates/handoff.ts';
import { put } from '../git/sandbox.ts';
import { afterAttempt, outsideGit } from './gating.ts';

const claim = (changed: string[], commands: Json[] = []): Json => ({
  status: 'pass',
  summary: 'done',
  changed_files: changed,
  commands,
});

async function events(folder: string, ...all: WorkerEvent[]): Promise<string> {
  await mkdir(folder, { recursive: true });
  const file = join(folder, 'events.ndjson');
  const lines = all.map((event) => JSON.stringify({ at: 1, ...event }));
  await writeFile(file, `${lines.join('\n')}\n{"type":"tool.broken\n`);
  return file;
}

function shell(id: string, command: string, exitCode: number): WorkerEvent[] {
  return [
    { type: 'tool.started', id, tool: 'Bash', kind: 'shell', summary: command, paths: [] },
    { type: 'tool.ended', id, ok: exitCode === 0, exitCode, summary: '' },
  ];
}

test('what a worker says it changed is looked up in git', async () => {
  const context = await afterAttempt({
    work: ({ worktree }) => put(worktree.path, 'src/b.txt', 'better\n'),
  });
  const judged = async (changed: string[]) =>
    judgeHandoff({
      ...context,
      handoff: { value: claim(changed), findings: [], claims: { events: [] } },
    });
  expect(await judged([join(context.folder, 'src/b.txt')])).toMatchObject({
    pass: true,
    findings: [],
  });
  expect(await judged([])).toMatchObject({ pass: true, findings: [{ severity: 'minor' }] });
  expect(await judged(['src/b.txt', 'src/c.txt'])).toMatchObject({
    pass: false,
    findings: [{ severity: 'major', title: expect.stringContaining('src/c.txt') }],
  });
});

test('what a worker says it ran is looked up in its events', async () => {
  const context = await outsideGit();
  const file = await events(
    context.runFolder,
    ...shell('1', 'npm test', 1),
    { type: 'text', text: '"type":"tool.started"' },
    ...shell('2', 'npm run lint', 0),
  );
  const judged = async (command: string, exit_code: number, files: string[] | null = [file]) =>
    judgeHandoff({
      ...context,
      handoff: {
        value: claim([], [{ command, exit_code }]),
        findings: [],
        claims: { events: files },
      },
    });
  expect(await judged('npm run lint', 0)).toMatchObject({ pass: true, findings: [] });
  expect(await judged('npm test', 0)).toMatchObject({
    pass: false,
    findings: [{ title: expect.stringContaining('exit code 1') }],
  });
  expect(await judged('npm run e2e', 0)).toMatchObject({
    pass: false,
    findings: [{ title: expect.stringContaining('never ran') }],
  });
});

test('what cannot be looked up is not held against the worker, and the evidence says so', async () => {
  const context = await outsideGit();
  for (const files of [null, [join(context.runFolder, 'none.ndjson')]]) {
    const verdict = await judgeHandoff({
      ...context,
      handoff: {
        value: claim(['a'], [{ command: 'npm test', exit_code: 0 }]),
        findings: [],
        claims: { events: files },
      },
    });
    expect(verdict).toMatchObject({ pass: true, findings: [] });
    const evidence = await readFile(join(context.runFolder, verdict.evidence ?? ''), 'utf8');
    expect(evidence).toMatch(/"commands": "not checked/);
    expect(evidence).toMatch(/"changed_files": "not checked/);
  }
});

test("a node's own contract makes no claims", async () => {
  const context = await outsideGit({ handoff: { value: claim(['never.txt']), findings: [] } });
  expect(await judgeHandoff(context)).toMatchObject({ pass: true, findings: [] });
});
