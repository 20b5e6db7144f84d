import { describe, expect, test } from 'vitest';
import type { Conclusion, ProcessExit, WorkerEvent } from '../../src/core/worker.ts';
import { claude } from '../../src/providers/claude/index.ts';
import { play, recording } from './recording.ts';

const versions = ['claude-2.1.197', 'claude-2.1.329'] as const;

describe.each(versions)('%s', (cli) => {
  test('an edit is told as text, tools with their paths, spend and a result', () => {
    const { events } = play(claude, recording(cli, 'edit-accept').lines);
    expect(events.map((event) => event.type)).toEqual([
      'session',
      'text',
      'tool.started',
      'tool.ended',
      'tool.started',
      'tool.ended',
      'tool.started',
      'tool.ended',
      'text',
      'usage',
      'result',
    ]);
    expect(started(events)).toMatchObject([
      { tool: 'Read', kind: 'read', paths: ['/home/user/project/src/math.js'] },
      { tool: 'Edit', kind: 'write', paths: ['/home/user/project/src/math.js'] },
      { tool: 'Write', kind: 'write', paths: ['/home/user/project/src/new.js'] },
    ]);
  });

  test('a shell command carries its exit code, failed or not', () => {
    const { events } = play(claude, recording(cli, 'shell-allowed').lines);
    expect(events.filter((event) => event.type === 'tool.ended')).toMatchObject([
      { ok: false, exitCode: 3, summary: 'Exit code 3 one two' },
      { ok: true, exitCode: 0 },
    ]);
  });

  test('a denied call is told once, live or at the end', () => {
    const { events } = play(claude, recording(cli, 'default-mode-denied').lines);
    const denied = events.filter((event) => event.type === 'denied');
    expect(denied.map((event) => event.tool)).toEqual(['Write', 'Bash']);
  });

  test('a resumed session counts this process only', () => {
    const { lines, exit } = recording(cli, 'session-resume');
    const { spend } = play(claude, lines).parser.conclude(exit);
    const usd = cli === 'claude-2.1.197' ? 0.001792 : 0.0010546;
    const cached = cli === 'claude-2.1.197' ? 3194 : 4493;
    expect(spend).toEqual({ usd, input: 24 + cached, cached, output: 3 });
  });

  test('several closing lines are counted once, and the first text is the answer', () => {
    const { lines, exit } = recording(cli, 'subagent-background');
    const { events, parser } = play(claude, lines);
    expect(events.filter((event) => event.type === 'result')).toHaveLength(2);
    const conclusion = parser.conclude(exit);
    expect(conclusion.answer).toBe('Parent is done first.');
    expect(conclusion.spend.usd).toBeCloseTo(cli === 'claude-2.1.197' ? 0.0078235 : 0.00483, 7);
  });

  test('the model is the one that answered, after a fallback too', () => {
    const { lines, exit } = recording(cli, 'err-529-fallback-model');
    const { events, parser } = play(claude, lines);
    expect(parser.conclude(exit).model).toBe('claude-sonnet-4-6');
    const models = events.flatMap((event) => (event.type === 'session' ? event.model : []));
    expect(models).toEqual(['claude-opus-4-8', 'claude-sonnet-4-6']);
  });

  test('the forced answer comes as JSON, and null where the model ignored the schema', () => {
    const forced = recording(cli, 'json-schema');
    const ignored = recording(cli, 'json-schema-text-only');
    const conclude = ({ lines, exit }: typeof forced) => play(claude, lines).parser.conclude(exit);
    expect(conclude(forced).structured).toEqual({ ok: true, n: 3 });
    expect(conclude(ignored)).toMatchObject({ class: 'done', structured: null });
    expect(conclude(ignored).answer).toMatch(/^OK/);
  });

  test('a spent plan says when to try again', () => {
    const { lines, exit } = recording(cli, 'limits-subscription-rejected');
    const { events, parser } = play(claude, lines);
    const resetsAt = (cli === 'claude-2.1.197' ? 1795231445 : 1795233515) * 1000;
    expect(parser.conclude(exit)).toMatchObject({ class: 'quota', resetsAt });
    expect(events).toContainEqual(
      expect.objectContaining({ type: 'quota', status: 'exceeded', window: 'five_hour', resetsAt }),
    );
  });

  test('a plan close to its limit warns with its use', () => {
    const { events } = play(claude, recording(cli, 'limits-subscription-warning').lines);
    expect(events).toContainEqual(
      expect.objectContaining({ type: 'quota', status: 'warning', used: 0.91 }),
    );
  });

  test('retries and compactions are told as they happen', () => {
    const retried = play(claude, recording(cli, 'err-500').lines).events;
    expect(retried.filter((event) => event.type === 'retrying')).toMatchObject([
      { attempt: 1, reason: 'server_error 500' },
      { attempt: 2 },
    ]);
    const compacted = play(claude, recording(cli, 'auto-compact').lines).events;
    expect(compacted.find((event) => event.type === 'compacted')).toMatchObject({
      before: cli === 'claude-2.1.197' ? 198669 : 200273,
    });
  });

  test('what a killed worker had read by then is counted, since nobody else will', () => {
    const { lines, exit } = recording(cli, 'bash-sigkill');
    const { spend } = play(claude, lines).parser.conclude(exit);
    expect(spend).toMatchObject({ usd: null, output: 0 });
    expect(spend.input).toBeGreaterThan(3000);
  });

  test('the texts of a subagent are not those of the worker', () => {
    const { events } = play(claude, recording(cli, 'subagent').lines);
    const texts = events.flatMap((event) => (event.type === 'text' ? event.text : []));
    expect(new Set(texts)).toEqual(new Set(['Parent done.']));
    expect(started(events).map((event) => event.kind)).toEqual(['agent', 'read']);
  });
});

describe('any version', () => {
  test.each([
    ['a refusal that is the end of the turn', { is_error: false, stop_reason: 'refusal' }],
    ['a failure after a safety stop', { is_error: true, safety_stops: 1 }],
  ])('%s counts as refused', (_, fields) => {
    expect(ended([{ ...success, ...fields, result: 'No.' }]).class).toBe('refused');
  });

  test('a failed wake-up after a good answer is a failure, with the answer kept', () => {
    const failed = { ...success, is_error: true, api_error_status: 529 };
    expect(ended([{ ...success, result: 'Well done.' }, failed])).toMatchObject({
      class: 'transient',
      answer: 'Well done.',
    });
  });

  test('a wake-up does not replace the answer', () => {
    const woken = { ...success, result: 'Nothing more to do.' };
    expect(ended([{ ...success, result: 'Well done.' }, woken])).toMatchObject({
      class: 'done',
      answer: 'Well done.',
    });
  });

  test('a failure the worker recovered from does not explain the next one', () => {
    const limited = { type: 'assistant', error: 'rate_limit', message: { model: '<synthetic>' } };
    const recovered = { type: 'assistant', message: { id: 'm', model: 'x', content: [] } };
    const failed = { ...success, is_error: true, api_error_status: 500 };
    expect(ended([limited, failed]).class).toBe('quota');
    expect(ended([limited, recovered, failed]).class).toBe('transient');
  });

  test('a turn told in several lines is counted once', () => {
    const usage = { input_tokens: 10, cache_read_input_tokens: 5, output_tokens: 1 };
    const line = { type: 'assistant', message: { id: 'm', model: 'x', content: [], usage } };
    const { spend } = ended([line, line, line]);
    expect(spend).toEqual({ usd: null, input: 15, cached: 5, output: 0 });
  });

  test('a worker that had begun was not refused its start', () => {
    const init = { type: 'system', subtype: 'init', session_id: 's', model: 'x' };
    const exit = { exitCode: 1, signal: null, stderr: 'Error: out of memory', endedAt: 0 };
    expect(ended([], exit).class).toBe('invalid');
    expect(ended([init], exit).class).toBe('crashed');
  });
});

const success = { type: 'result', subtype: 'success', is_error: false, session_id: 's' };

function ended(
  lines: readonly object[],
  exit: ProcessExit = { exitCode: 0, signal: null, stderr: '', endedAt: 0 },
): Conclusion {
  const { parser } = play(
    claude,
    lines.map((line) => JSON.stringify(line)),
  );
  return parser.conclude(exit);
}

function started(events: readonly WorkerEvent[]) {
  return events.filter((event) => event.type === 'tool.started');
}
