import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { ending, type Provider, workerEvent } from '../../src/core/worker.ts';
import { claude } from '../../src/providers/claude/index.ts';
import { codex } from '../../src/providers/codex/index.ts';
import { play, recordings } from './recording.ts';

const subjects: readonly (readonly [string, Provider])[] = [
  ['claude-2.1.329', claude],
  ['codex-0.169.0', codex],
];

const exit = { exitCode: 1, signal: null, stderr: 'gone', endedAt: 0 };

describe.each(subjects)('%s', (cli, provider) => {
  const all = recordings(cli);
  const lines = [...new Set(all.flatMap((one) => one.lines))].filter(
    (line) => line.length < 20_000,
  );

  test('a line cut off anywhere is an unknown line', () => {
    for (const line of lines.slice(0, 200)) {
      const cut = line.slice(0, Math.floor(line.length / 2));
      expect(provider.parser(null).push(cut)).toEqual([
        { type: 'unknown', sample: expect.any(String) },
      ]);
    }
  });

  test.each([
    'null',
    'true',
    '12',
    '"text"',
    '[]',
    '[{"type":"result"}]',
    '{}',
    '{"type":null}',
    '{"type":5}',
    '{"type":"never.seen","x":1}',
    '{"type":"system","subtype":"never_seen"}',
    '{"type":"item.completed","item":{"id":"item_1","type":"never_seen"}}',
    '{"__proto__":{"type":"result"}}',
    '{"constructor":{"prototype":{"type":"result"}}}',
    '\ufffd\ufffd\u0000',
    'Warning: something printed in between',
  ])('%s is no event of a worker', (line) => {
    const events = provider.parser(null).push(line);
    expect(events.every((event) => event.type === 'unknown')).toBe(true);
    expect(events.length).toBeLessThanOrEqual(1);
  });

  test('an empty line is nothing at all', () => {
    expect(provider.parser(null).push('')).toEqual([]);
    expect(provider.parser(null).push('  ')).toEqual([]);
  });

  test('any field of any line may be missing or of another type', () => {
    const stranger = fc.constantFrom(
      null,
      true,
      -1,
      1e308,
      'x',
      [],
      [null],
      [[1]],
      {},
      '__proto__',
    );
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.constantFrom(...lines), fc.nat(), stranger)), (edits) => {
        const parser = provider.parser(null);
        const mangled = edits.map(([line, at, value]) => replaced(line, at, value));
        for (const event of mangled.flatMap((line) => parser.push(line))) workerEvent.parse(event);
        ending.parse(parser.conclude(exit));
        expect(provider.parser(parser.memory()).conclude(exit)).toEqual(parser.conclude(exit));
      }),
      { numRuns: 300 },
    );
  });

  test('any JSON at all is read without a throw', () => {
    fc.assert(
      fc.property(fc.array(fc.json()), fc.array(fc.string()), (values, texts) => {
        const { events, parser } = play(provider, [...values, ...texts]);
        for (const event of events) workerEvent.parse(event);
        ending.parse(parser.conclude(exit));
      }),
      { numRuns: 300 },
    );
  });

  test('junk between the lines changes nothing but its own events', () => {
    const junk = ['', 'npm warn', '{"type":"x"}', '\u001b[31mred', '{"type":"assist'];
    for (const one of all.filter(({ lines: own }) => own.length < 100)) {
      const clean = play(provider, one.lines);
      const dirty = play(
        provider,
        one.lines.flatMap((line, at) => [junk[at % junk.length] ?? '', line]),
      );
      expect(dirty.parser.conclude(one.exit)).toEqual(clean.parser.conclude(one.exit));
      expect(dirty.events.filter((event) => event.type !== 'unknown')).toEqual(
        clean.events.filter((event) => event.type !== 'unknown'),
      );
    }
  });

  test('lines of 10 MB give short events and a bounded memory', () => {
    const huge = 'é\n😀'.repeat(2_500_000);
    const message = { id: 'm', model: 'x', content: [{ type: 'text', text: huge }] };
    const tool = { type: 'tool_use', id: 't', name: 'Bash', input: { command: huge } };
    const big = [
      huge,
      JSON.stringify({ type: 'x', huge }),
      JSON.stringify({ type: 'assistant', message }),
      JSON.stringify({ type: 'assistant', message: { ...message, content: [tool] } }),
      JSON.stringify({ type: 'result', subtype: 'success', is_error: false, result: huge }),
      JSON.stringify({
        type: 'item.completed',
        item: { id: 'a', type: 'agent_message', text: huge },
      }),
      JSON.stringify({ type: 'item.started', item: { ...item, command: huge } }),
      JSON.stringify({ type: 'item.completed', item: { ...item, aggregated_output: huge } }),
      JSON.stringify({ type: 'turn.failed', error: { message: huge } }),
    ];
    const { events, parser } = play(provider, big);
    for (const event of events) expect(JSON.stringify(event).length).toBeLessThan(20_000);
    expect(JSON.stringify(parser.memory()).length).toBeLessThan(2_000_000);
    expect(parser.conclude(exit).message.length).toBeLessThan(5_000);
  });

  test('numbers beyond reason do not add up to infinity', () => {
    const model = { inputTokens: 1e308, outputTokens: 1e308, costUSD: 1e308 };
    const closing = { type: 'result', modelUsage: { a: model, b: model }, total_cost_usd: 1e308 };
    const turn = { type: 'turn.completed', usage: { input_tokens: 1e308, output_tokens: -1e308 } };
    const { parser } = play(provider, [JSON.stringify(closing), JSON.stringify(turn)]);
    const { spend } = parser.conclude(exit);
    expect(Object.values(spend).every((one) => one === null || (one >= 0 && one < 1e17))).toBe(
      true,
    );
  });

  test('a stream that only ever opens tools keeps a bounded memory', () => {
    const parser = provider.parser(null);
    for (let at = 0; at < 5_000; at += 1) {
      parser.push(JSON.stringify({ type: 'item.started', item: { ...item, id: `item_${at}` } }));
      const content = [{ type: 'tool_use', id: `tool_${at}`, name: 'Bash', input: {} }];
      const message = { id: `m_${at}`, usage: {}, content };
      parser.push(JSON.stringify({ type: 'assistant', message }));
    }
    expect(JSON.stringify(parser.memory()).length).toBeLessThan(20_000);
  });
});

const item = { id: 'b', type: 'command_execution', command: 'x', status: 'in_progress' };

/** The line with one of its values, however deep, replaced by another. */
function replaced(line: string, at: number, value: unknown): string {
  let parsed: unknown;
  try {
    parsed = JSON.parse(line);
  } catch {
    return line;
  }
  let count = 0;
  JSON.stringify(parsed, (_, inner: unknown) => ((count += 1), inner));
  const target = at % count;
  let seen = -1;
  return JSON.stringify(parsed, (_, inner: unknown) => {
    seen += 1;
    return seen === target ? value : inner;
  });
}
