import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parseJson } from '../../src/core/json.ts';
import type { Parser, ProcessExit, WorkerEvent } from '../../src/core/worker.ts';
import { scriptedParser } from '../../src/providers/scripted/parse.ts';

const session = '{"type":"session","session":"s-1","model":"scripted"}';
const usage = '{"type":"usage","spend":{"usd":0.5,"input":10,"cached":4,"output":2}}';
const closing =
  '{"type":"result","class":"done","message":"ok","text":"all good","structured":{"status":"pass"},"resetsInMs":null}';

const ended: ProcessExit = { exitCode: 0, signal: null, stderr: '', endedAt: 5_000 };

function parse(lines: readonly string[]): { parser: Parser; events: WorkerEvent[] } {
  const parser = scriptedParser(null);
  return { parser, events: lines.flatMap((line) => parser.push(line)) };
}

describe('garbage', () => {
  test.each([
    ['half a line', '{"type":"text","te'],
    ['no JSON', 'npm warn deprecated'],
    ['null', 'null'],
    ['a number', '42'],
    ['a list', '[{"type":"text","text":"x"}]'],
    ['an unknown type', '{"type":"made.up"}'],
    ['a missing field', '{"type":"tool.started","id":"1"}'],
    ['a field of the wrong kind', '{"type":"text","text":7}'],
    ['negative usage', '{"type":"usage","spend":{"usd":-1,"input":0,"cached":0,"output":0}}'],
    ['an unknown ending', '{"type":"result","class":"finished","text":""}'],
    ['bytes that are no text', '\uFFFD\u0000\u0001{"type"'],
    ['two objects on a line', `${session}${usage}`],
    ['a list a million deep', '['.repeat(1_000_000)],
    ['an object too deep', `${'{"a":'.repeat(200_000)}1${'}'.repeat(200_000)}`],
    [
      'an answer too deep',
      `{"type":"result","class":"done","message":"","text":"","resetsInMs":null,"structured":${'['.repeat(200_000)}${']'.repeat(200_000)}}`,
    ],
  ])('%s becomes an unknown event', (_what, line) => {
    const { events } = parse([line]);
    expect(events).toEqual([{ type: 'unknown', sample: line.slice(0, 200) }]);
  });

  test('empty lines are nothing', () => {
    expect(parse(['', '   ', '\r']).events).toEqual([]);
  });

  test('a line of 10 MB is cut in the event and bounded in the answer', () => {
    const long = 'x'.repeat(10_000_000);
    const { parser, events } = parse([
      `{"type":"text","text":"${long}"}`,
      `{"type":"result","class":"done","message":"","text":"${long}","structured":["${long}"],"resetsInMs":null}`,
    ]);
    expect(events.map((event) => 'text' in event && event.text.length)).toEqual([4_000, 4_000]);
    const conclusion = parser.conclude(ended);
    expect(conclusion.answer).toHaveLength(1_000_000);
    expect(conclusion.structured).toBeNull();
  });

  test('a text is never cut between the halves of one character', () => {
    const { events } = parse([JSON.stringify({ type: 'text', text: `${'x'.repeat(3_999)}😀😀` })]);
    expect(events).toEqual([{ type: 'text', text: 'x'.repeat(3_999) }]);
  });

  test('whatever is printed, the parser neither throws nor loses the closing line', () => {
    fc.assert(
      fc.property(
        fc.array(fc.oneof(fc.string({ unit: 'binary' }), fc.json(), fc.constant(usage))),
        fc.array(fc.string()),
        (before, after) => {
          const { parser } = parse([...before, session, closing, ...after]);
          expect(parser.conclude(ended)).toMatchObject({ class: 'done', session: 's-1' });
        },
      ),
    );
  });
});

test('a parser goes on from the memory of another one, wherever that stopped', () => {
  const lines = [session, 'junk', usage, '{"type":"text","text":"hi"}', closing];
  const whole = parse(lines);
  for (let at = 0; at <= lines.length; at += 1) {
    const first = parse(lines.slice(0, at));
    const memory = parseJson(JSON.stringify(first.parser.memory()));
    const second = scriptedParser(memory?.value ?? null);
    const events = [...first.events, ...lines.slice(at).flatMap((line) => second.push(line))];
    expect(events).toEqual(whole.events);
    expect(second.conclude(ended)).toEqual(whole.parser.conclude(ended));
  }
});

test('a memory that is not its own is taken for none', () => {
  const parser = scriptedParser({ session: 7 });
  expect(parser.conclude(ended)).toMatchObject({ session: null, class: 'incomplete' });
});

describe('the end', () => {
  test('the closing line decides, whatever the exit code says', () => {
    const { parser } = parse([session, usage, closing]);
    expect(parser.conclude({ ...ended, exitCode: 9 })).toEqual({
      class: 'done',
      message: 'ok',
      exitCode: 9,
      signal: null,
      session: 's-1',
      model: 'scripted',
      spend: { usd: 0.5, input: 10, cached: 4, output: 2 },
      resetsAt: null,
      answer: 'all good',
      structured: { status: 'pass' },
    });
  });

  test('a quota opens counted from the end of the process', () => {
    const { parser } = parse([
      '{"type":"result","class":"quota","message":"","text":"","structured":null,"resetsInMs":1000}',
    ]);
    expect(parser.conclude(ended)).toMatchObject({ class: 'quota', resetsAt: 6_000 });
  });

  test.each([
    ['incomplete', { exitCode: 0, signal: null }],
    ['crashed', { exitCode: 3, signal: null }],
    ['crashed', { exitCode: null, signal: 'SIGSEGV' }],
    ['lost', { exitCode: null, signal: null }],
  ])('without a closing line it is %s: %o', (expected, exit) => {
    const { parser } = parse([session, usage]);
    const conclusion = parser.conclude({ ...ended, ...exit });
    expect(conclusion.class).toBe(expected);
    expect(conclusion.spend.usd).toBe(0.5);
  });

  test('the last line on stderr tells why it crashed', () => {
    const { parser } = parse([]);
    const stderr = 'a stack\nError: no space left\n';
    expect(parser.conclude({ ...ended, exitCode: 1, stderr }).message).toContain('no space left');
  });
});
