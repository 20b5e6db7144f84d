import { access, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { z } from 'zod';
import type { ModelScript } from '../../../src/selftest/model-servers/model-script.ts';
import { approved, hostCommand } from './hosts-command.ts';
import { controller, type Move, type Seen, seenIn } from './hosts-controller.ts';
import { installedClis, notInstalled } from './installed-clis.ts';
import { makeTeamRig, type TeamRig } from './team-rig.ts';

const clis = installedClis();
if (clis === null) process.stderr.write(`${notInstalled}\n`);

const prompt = 'Try every tool of mo.';
let rig: TeamRig;
let script: ModelScript;
let book: string;

type Call = Extract<Move, { call: string }>;

const reading: Call[] = [
  { call: 'health', input: {} },
  { call: 'poll', input: { wait_s: 0 } },
  { call: 'route', input: { role: 'review', provider: 'scripted' } },
  { call: 'workflow_check', input: { recipe: 'do', inputs: { goal: 'x', provider: 'scripted' } } },
  { call: 'output', input: { run_id: 'r-1' } },
];

describe.skipIf(clis === null)('a host decides by the annotations what runs unasked', () => {
  beforeEach(async () => {
    rig = await makeTeamRig(clis ?? '', (request) => script(request));
    book = join(rig.folder, 'book.json');
    await writeFile(book, '{}');
  });

  afterEach(() => rig.end());

  test('Codex without an approval lets what only reads run, and nothing that starts, ends or executes', async () => {
    const mark = join(rig.folder, 'mark');
    const doing: Call[] = [
      { call: 'run', input: { task: 'x', provider: 'scripted' } },
      { call: 'workflow_run', input: { recipe: 'do', inputs: { goal: 'x' } } },
      { call: 'verify', input: { folder: '.', gates: [`touch '${mark}'`] } },
      { call: 'stop', input: { run_id: 'r-1' } },
      { call: 'land', input: { run_id: 'r-1', how: 'discard', confirm: true } },
    ];
    const seen = await tryAll('codex', [...reading, ...doing], []);
    expectRead(seen.slice(0, reading.length));
    for (const { text } of seen.slice(reading.length)) {
      expect(text).toContain('MCP tool call requires approval');
    }
    await expect(access(mark)).rejects.toThrow('ENOENT');
    expect((await rig.mo('list', '--json')).stdout).not.toContain('r-1');
  });

  test('Codex starts a worker when that one tool is approved', async () => {
    const run: Call = { call: 'run', input: { task: 'x', provider: 'scripted' } };
    const stop: Call = { call: 'stop', input: { run_id: 'r-1' } };
    const approval = ['-c', 'mcp_servers.mo.tools.run.approval_mode="approve"'];
    const [started, stopped] = await tryAll('codex', [run, stop], approval);
    const { run_id: runId } = z.looseObject({ run_id: z.string() }).parse(started?.data);
    expect(stopped?.text).toContain('requires approval');
    await rig.until(runId, ({ state }) => state === 'succeeded');
  });

  test('plan mode of Claude Code lets its model look, and start nothing', async () => {
    const run: Call = { call: 'run', input: { task: 'x', provider: 'scripted' } };
    const more = [...approved.claude, '--permission-mode=plan'];
    const seen = await tryAll('claude', [...reading, run], more);
    expectRead(seen.slice(0, reading.length));
    expect(seen.at(-1)).toMatchObject({ tool: 'run', isError: true, data: null });
    expect(seen.at(-1)?.text).toMatch(/plan mode/i);
    expect((await rig.mo('list', '--json')).stdout).not.toContain('r-1');
  });

  test('Claude Code keeps the daily tools loaded and finds the others by what they are for', async () => {
    await tryAll('claude', reading, approved.claude);
    const ofMo = rig.anthropic.requests.map(({ tools }) =>
      tools.filter((name) => name.startsWith('mcp__mo__')),
    );
    expect(ofMo[0]?.toSorted()).toEqual(['mcp__mo__poll', 'mcp__mo__run', 'mcp__mo__stop']);
    const searched = rig.anthropic.requests.at(-1)?.results.filter(isSearch).length ?? 0;
    expect(searched).toBeGreaterThan(0);
    expect(ofMo.at(-1)).toEqual(expect.arrayContaining(['mcp__mo__health', 'mcp__mo__output']));
    expect(JSON.stringify(rig.anthropic.requests[0]?.raw)).toContain('Orchestrates coding agents');
  });
});

async function tryAll(
  host: 'claude' | 'codex',
  calls: readonly Call[],
  more: readonly string[],
): Promise<Seen[]> {
  script = controller((seen) => calls[seen.length] ?? { say: 'That was all.' });
  const said = await rig.run(...hostCommand(host, { prompt, book, more }));
  expect(said.stdout).toContain('That was all.');
  const { requests } = host === 'claude' ? rig.anthropic : rig.openai;
  const last = requests.at(-1);
  const seen = last === undefined ? [] : seenIn(last);
  expect(seen.map(({ tool }) => tool)).toEqual(calls.map(({ call }) => call));
  return seen;
}

/** The answers to `reading`, all from mo itself. */
function expectRead([health, poll, route, check, output]: readonly Seen[]): void {
  expect(health?.data).toMatchObject({ repository: true });
  expect(poll?.data).toMatchObject({ state: 'idle' });
  expect(route?.data).toMatchObject({ choice: { provider: 'scripted' } });
  expect(check?.data).toMatchObject({ ok: true });
  expect(output?.text).toContain('There is no run r-1.');
}

function isSearch({ tool }: { tool: string }): boolean {
  return tool === 'ToolSearch';
}
