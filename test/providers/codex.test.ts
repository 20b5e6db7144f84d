import { describe, expect, test } from 'vitest';
import type { Json } from '../../src/core/json.ts';
import type { Conclusion, WorkerEvent } from '../../src/core/worker.ts';
import { codex } from '../../src/providers/codex/index.ts';
import { resumedThread } from '../../src/providers/codex/memory.ts';
import { resetTime } from '../../src/providers/codex/reset-time.ts';
import { play, recording } from './recording.ts';

test('an edit is told as text, changes with their paths, commands without their shell', () => {
  const { events } = played('edit-workspace-write-classic');
  expect(events.filter((event) => event.type === 'tool.started')).toMatchObject([
    { kind: 'write', summary: 'update /home/user/project/src/math.js' },
    { kind: 'write', paths: ['/home/user/project/src/new.js'] },
    { kind: 'write', summary: 'delete /home/user/project/package.json' },
    { kind: 'shell', summary: 'git status --short' },
  ]);
});

test('a shell command carries its exit code, failed or not', () => {
  const ended = played('shell').events.filter((event) => event.type === 'tool.ended');
  expect(ended).toMatchObject([
    { ok: false, exitCode: 3, summary: 'one two' },
    { ok: true, exitCode: 0 },
  ]);
});

test('a command that outlives its turn has failed', () => {
  const ended = played('shell-long').events.filter((event) => event.type === 'tool.ended');
  expect(ended).toMatchObject([{ ok: false, summary: 'still running when the turn ended' }]);
});

test.each([
  ['approve-for-me', 'shell'],
  ['mcp', 'lab.fail'],
])('%s: what the sandbox or the policy declines is denied', (name, tool) => {
  const denied = played(name).events.filter((event) => event.type === 'denied');
  expect(denied.map((event) => event.tool)).toEqual([tool]);
});

test('a reconnect is a retry, not a failure', () => {
  const { events, conclusion } = played('err-rate-limit-stream');
  expect(events).toContainEqual({
    type: 'retrying',
    attempt: 1,
    delayMs: null,
    reason: 'rate limit exceeded: Rate limit reached for scripted-model. Please try again in 1s.',
  });
  expect(conclusion.class).toBe('done');
});

test('waiting for the network counts on', () => {
  const attempts = played('err-connection-refused').events.flatMap((event) =>
    event.type === 'retrying' ? event.attempt : [],
  );
  expect(attempts).toEqual([1, 2, 3, 4, 5, 6, 7]);
});

test('the last message is the answer, as JSON where it is some', () => {
  expect(played('output-schema').conclusion).toMatchObject({
    answer: '{"ok":true,"n":3}',
    structured: { ok: true, n: 3 },
  });
  expect(played('output-schema-mismatch').conclusion).toMatchObject({
    answer: 'Not JSON at all.',
    structured: null,
  });
});

describe('spend', () => {
  const whole = { usd: null, input: 27001, cached: 21600, output: 96 };

  test('is what the turn says, without money', () => {
    expect(played('session-resume').conclusion.spend).toEqual(whole);
  });

  test('leaves out what the thread had cost before it was resumed', () => {
    const before = played('session-start').conclusion.spend;
    expect(played('session-resume', resumedThread(before)).conclusion.spend).toEqual({
      usd: null,
      input: 27001 - 13457,
      cached: 21600 - 10765,
      output: 96 - 48,
    });
  });

  test('is not made negative by a thread that counts anew', () => {
    const before = { usd: null, input: 99_999, cached: 99_999, output: 99_999 };
    expect(played('session-resume', resumedThread(before)).conclusion.spend).toEqual(whole);
  });

  test('is not counted twice when a turn ends twice', () => {
    const { lines } = recording('codex-0.169.0', 'simple');
    const { events } = play(codex, [...lines, ...lines.slice(-1)]);
    const spends = events.flatMap((event) => (event.type === 'usage' ? event.spend.input : []));
    expect(spends).toEqual([13456, 13456]);
  });
});

describe('when to try again', () => {
  test.each([
    ['or try again at 3:36 AM.', at(21, 2, 36), at(21, 3, 36)],
    ['Try again at 12:05 PM.', at(21, 2, 36), at(21, 12, 5)],
    ['try again at 12:05 AM.', at(21, 23, 59), at(22, 0, 5)],
    ['or try again at Nov 24th, 2026 3:36 AM.', at(21, 2, 36), at(24, 3, 36)],
    ['or try again at Dec 1st, 2026 11:00 PM.', at(30, 2, 36), at(31, 23, 0)],
  ])('%s', (message, saidAt, expected) => {
    expect(resetTime(message, saidAt)).toBe(expected);
  });

  test('a minute that has just passed is now, not tomorrow', () => {
    expect(resetTime('try again at 3:36 AM.', at(21, 3, 37))).toBe(at(21, 3, 36));
  });

  test.each(['Try again later.', 'try again in 1s', 'try again at Foo 1st, 2026 1:00 AM', ''])(
    '%j tells no time',
    (message) => {
      expect(resetTime(message, at(21, 2, 36))).toBeNull();
    },
  );

  test('is part of the ending of a spent plan', () => {
    const { lines, exit } = recording('codex-0.169.0', 'err-usage-limit');
    const endedAt = at(21, 2, 36);
    const conclusion = play(codex, lines).parser.conclude({ ...exit, endedAt });
    expect(conclusion).toMatchObject({ class: 'quota', resetsAt: at(21, 3, 36) });
  });
});

test('a tool that is told only when it has ended has started too', () => {
  const item = { id: 'i', type: 'web_search', query: 'mo' };
  const { events } = play(codex, [JSON.stringify({ type: 'item.completed', item })]);
  expect(events).toMatchObject([
    { type: 'tool.started', kind: 'search', summary: 'mo' },
    { type: 'tool.ended', ok: true },
  ]);
});

test('a process that dies right after an error died of it', () => {
  const message = 'exceeded retry limit, last status: 429 Too Many Requests';
  const { parser } = play(codex, [JSON.stringify({ type: 'error', message })]);
  const exit = { exitCode: 1, signal: null, stderr: '', endedAt: 0 };
  expect(parser.conclude(exit).class).toBe('quota');
});

test('a thread in use by another process may be free later', () => {
  const stderr = 'Error: thread 0000 already has an active writer';
  const exit = { exitCode: 1, signal: null, stderr, endedAt: 0 };
  expect(codex.parser(null).conclude(exit).class).toBe('transient');
});

/** Local time on a day of November 2026. */
function at(day: number, hour: number, minute: number): number {
  return new Date(2026, 10, day, hour, minute).getTime();
}

function played(
  name: string,
  memory: Json | null = null,
): { events: WorkerEvent[]; conclusion: Conclusion } {
  const { lines, exit } = recording('codex-0.169.0', name);
  const parser = codex.parser(memory);
  const events = lines.flatMap((line) => parser.push(line));
  return { events, conclusion: parser.conclude(exit) };
}
