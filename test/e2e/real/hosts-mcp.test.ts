import { EventEmitter, once } from 'node:events';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { z } from 'zod';
import type { Json } from '../../../src/core/json.ts';
import type { ModelScript } from '../../../src/selftest/model-servers/model-script.ts';
import { healthOutput } from '../../../src/operations/health.ts';
import { pollOutput } from '../../../src/operations/poll.ts';
import { workflowRunOutput } from '../../../src/operations/workflow-run.ts';
import { processesIn } from '../processes.ts';
import { done, plan, planned, review, writes } from '../rig.ts';
import { approved, type Host, hostCommand } from './hosts-command.ts';
import { controller, type Move, type Seen, seenIn } from './hosts-controller.ts';
import { installedClis, notInstalled } from './installed-clis.ts';
import { makeTeamRig, type Said, type TeamRig } from './team-rig.ts';

const clis = installedClis();
if (clis === null) process.stderr.write(`${notInstalled}\n`);

const prompt = 'Hand this goal to a team of agents.';
let rig: TeamRig;
let script: ModelScript;
let book: string;

describe.skipIf(clis === null).each<Host>(['claude', 'codex'])('%s as host of mo serve', (host) => {
  beforeEach(async () => {
    rig = await makeTeamRig(clis ?? '', (request) => script(request));
    book = join(rig.folder, 'book.json');
  });

  afterEach(() => rig.end());

  test('a goal is handed over, followed by the cursor, read page by page and done', async () => {
    await follow({
      plan: plan(planned('one', ['one.txt']), planned('two', ['two.txt'])),
      one: writes('one.txt', 'first\n', { do: 'say', text: 'writing' }, { do: 'sleep', ms: 1_000 }),
      two: writes('two.txt', 'second\n'),
      review: review(),
    });
    script = controller((seen) => {
      const last = seen.at(-1);
      if (last === undefined) return { call: 'health', input: {} };
      if (last.tool === 'health') return { call: 'workflow_run', input: wish };
      const runId = runIdIn(seen);
      if (isUnderWay(last)) {
        return { call: 'poll', input: { run_id: runId, since: cursorOf(last), wait_s: 20 } };
      }
      if (last.tool === 'poll') return { call: 'output', input: { run_id: runId, part: 'report' } };
      const page = /go on with cursor (\d+)\]$/.exec(last.text)?.[1];
      if (page !== undefined) {
        const more = { run_id: runId, part: 'report', cursor: Number(page), max_bytes: 8_000 };
        return { call: 'output', input: more };
      }
      return { say: 'The goal is reached.' };
    });
    const said = await ask(host, approved[host]);
    const seen = lastSeen(host);
    expect(said).toMatchObject({ exitCode: 0 });
    expect(said.stdout).toContain('The goal is reached.');
    expect(seen.filter(({ isError }) => isError)).toEqual([]);

    const [health, started] = seen;
    const agents = healthOutput.parse(health?.data).providers.map(({ name }) => name);
    expect(agents).toEqual(expect.arrayContaining(['claude', 'codex']));
    const { run_id: runId, batches } = workflowRunOutput.parse(started?.data);
    expect(batches).toEqual([['plan'], ['review']]);

    const polls = seen.filter(({ tool }) => tool === 'poll');
    for (const { data, text } of polls) {
      pollOutput.parse(data);
      expect(Buffer.byteLength(text)).toBeLessThan(2_000);
    }
    const end = pollOutput.parse(polls.at(-1)?.data);
    expect(end).toMatchObject({ run_id: runId, state: 'succeeded', counts: { verified: 4 } });
    // Each answer was worth a turn of the model: it blocked until there was news.
    expect(polls.every(({ data }) => pollOutput.parse(data).changed)).toBe(true);

    const pages = seen.filter(({ tool }) => tool === 'output').map(({ text }) => text);
    expect(pages.join('')).toContain(runId);
    expect(pages.every((text) => Buffer.byteLength(text) < 8_200)).toBe(true);

    expect(await rig.git('show', `mo/${runId}:one.txt`)).toBe('first');
    expect(await rig.git('show', `mo/${runId}:two.txt`)).toBe('second');
    expect((await rig.mo('verify', runId, '--json')).json).toMatchObject({ pass: true });
    await expectNothingRuns();
  });

  test('what is wrong with a call is text that says what to call instead', async () => {
    await follow({ '*': [done] });
    const wrong: [Extract<Move, { call: string }>, RegExp][] = [
      [{ call: 'poll', input: { run_id: 'r-99' } }, /no run r-99\. poll \{\} shows/],
      [{ call: 'poll', input: { wait_s: 900 } }, /`wait_s`.*50.*Call poll with \{run_id\?/s],
      [{ call: 'run', input: {} }, /`task` is missing.*Call run with \{task, role\?/s],
      [{ call: 'run', input: { task: 'x', provider: 'scriptd' } }, /scriptd.*claude, codex/s],
      [{ call: 'workflow_run', input: { recipe: 'do' } }, /goal/],
      [{ call: 'output', input: { run_id: 'r-99' } }, /There is no run r-99/],
    ];
    script = controller((seen) => wrong[seen.length]?.[0] ?? { say: 'I see.' });
    await ask(host, approved[host]);
    const seen = lastSeen(host);
    expect(seen).toHaveLength(wrong.length);
    for (const [index, [, told]] of wrong.entries()) {
      expect(seen[index]?.text).toMatch(told);
      expect(seen[index]?.text).toMatch(/\[[a-z-]+\]$/);
      expect(seen[index]?.data).toBeNull();
    }
    // Codex tells its model of an error in words only.
    if (host === 'claude') expect(seen.every(({ isError }) => isError)).toBe(true);
    expect((await rig.mo('list', '--json')).stdout).not.toContain('r-1');
  });

  test('the run goes on when the session ends, and the server does not', async () => {
    await follow({ '*': waits() });
    script = controller((seen) => untilAtWork(seen) ?? { say: 'I leave it to mo.' });
    const said = await ask(host, approved[host]);
    expect(said.stdout).toContain('I leave it to mo.');
    expect(await commandsIn(rig.project)).not.toContainEqual(expect.stringContaining(' serve'));
    await expectFinished(runIdIn(lastSeen(host)));
  });

  test('the run goes on when the host is killed in the middle of a poll', async () => {
    await follow({ '*': waits() });
    const doors = new EventEmitter();
    const isPolling = once(doors, 'polling');
    script = controller((seen) => {
      const before = untilAtWork(seen);
      if (before !== null) return before;
      const runId = runIdIn(seen);
      doors.emit('polling');
      return { call: 'poll', input: { run_id: runId, since: cursorOf(seen.at(-1)), wait_s: 50 } };
    });
    const asked = ask(host, approved[host]);
    await isPolling;
    const runId = runIdIn(lastSeen(host));
    expect(await commandsIn(rig.project)).toContainEqual(expect.stringContaining(' serve'));
    for (const pid of await processesIn(rig.project)) {
      if ((await commandOf(pid)).includes(prompt)) process.kill(pid, 'SIGKILL');
    }
    expect((await asked).exitCode).not.toBe(0);
    await expectFinished(runId);
    await expectNothingRuns();
  });
});

const wish = {
  recipe: 'do',
  inputs: {
    goal: 'Write one.txt and two.txt.',
    planner: 'scripted',
    worker: 'scripted',
    reviewer: 'scripted',
    gates: ['test -f README.md'],
  },
  land: 'branch',
} satisfies Json;

const underWay = ['running', 'needs', 'stopping'];

function isUnderWay({ tool, data }: Seen): boolean {
  if (tool === 'run' || tool === 'workflow_run') return true;
  return tool === 'poll' && underWay.includes(pollOutput.parse(data).state);
}

/** Starts a worker and waits until it is in the middle of its work; then null. */
function untilAtWork(seen: readonly Seen[]): Move | null {
  const last = seen.at(-1);
  if (last === undefined) {
    return {
      call: 'run',
      input: {
        task: 'Wait, then write.',
        provider: 'scripted',
        write: true,
        scope: { allow: ['late.txt'] },
      },
    };
  }
  if (last.text.includes('until test')) return null;
  return { call: 'poll', input: { run_id: runIdIn(seen), since: cursorOf(last), wait_s: 1 } };
}

/** A worker in the middle of its work until the test says `go`. */
function waits(): unknown[] {
  const go = join(rig.folder, 'go');
  return [
    { do: 'shell', command: `until test -e '${go}'; do sleep 0.05; done` },
    ...writes('late.txt', 'late\n'),
  ];
}

async function expectFinished(runId: string): Promise<void> {
  const over = rig.until(runId, ({ state }) => state === 'succeeded');
  await writeFile(join(rig.folder, 'go'), '');
  await over;
  expect(await rig.git('show', `mo/${runId}:late.txt`)).toBe('late');
  // The owner that the session started has executed it to its end; nobody had to take over.
  const owners = (await rig.ownerLog(runId)).match(/epoch \d+: pid \d+/g);
  expect(owners).toHaveLength(1);
}

/** An owner needs a moment to go once its run is over. */
function expectNothingRuns(): Promise<void> {
  return expect.poll(() => commandsIn(rig.folder), { timeout: 10_000 }).toEqual([]);
}

const started = z.looseObject({ run_id: z.string() });

function runIdIn(seen: readonly Seen[]): string {
  const answer = seen.find(({ tool }) => tool === 'run' || tool === 'workflow_run');
  return started.parse(answer?.data).run_id;
}

function cursorOf(seen: Seen | undefined): string {
  return z.looseObject({ cursor: z.string() }).parse(seen?.data).cursor;
}

function ask(host: Host, more: readonly string[]): Promise<Said> {
  return rig.run(...hostCommand(host, { prompt, book, more }));
}

function lastSeen(host: Host): Seen[] {
  const { requests } = host === 'claude' ? rig.anthropic : rig.openai;
  const last = requests.at(-1);
  if (last === undefined) throw new Error('the host asked no model');
  return seenIn(last);
}

function follow(scripts: unknown): Promise<void> {
  return writeFile(book, JSON.stringify(scripts));
}

async function commandsIn(folder: string): Promise<string[]> {
  return Promise.all((await processesIn(folder)).map(commandOf));
}

async function commandOf(pid: number): Promise<string> {
  const line = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '');
  return line.replaceAll('\0', ' ').trim();
}
