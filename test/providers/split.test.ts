import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { json } from '../../src/core/json.ts';
import type { Provider } from '../../src/core/worker.ts';
import { claude } from '../../src/providers/claude/index.ts';
import { codex } from '../../src/providers/codex/index.ts';
import { play, recordings } from './recording.ts';

const subjects: readonly (readonly [string, Provider])[] = [
  ['claude-2.1.197', claude],
  ['claude-2.1.329', claude],
  ['codex-0.169.0', codex],
];

describe.each(subjects)('%s', (cli, provider) => {
  test('another process goes on anywhere in the stream as if nothing had happened', () => {
    const all = recordings(cli).filter((one) => one.lines.length < 100);
    fc.assert(
      fc.property(
        fc.constantFrom(...all),
        fc.array(fc.nat({ max: 100 }), { maxLength: 4 }),
        ({ lines, exit }, cuts) => {
          const whole = play(provider, lines);
          let parser = provider.parser(null);
          const events = lines.flatMap((line, at) => {
            if (cuts.includes(at)) parser = provider.parser(stored(parser.memory()));
            return parser.push(line);
          });
          parser = provider.parser(stored(parser.memory()));
          expect(events).toEqual(whole.events);
          expect(parser.conclude(exit)).toEqual(whole.parser.conclude(exit));
        },
      ),
      { numRuns: 300 },
    );
  });

  test('memory is a snapshot: lines read later do not change it', () => {
    const lines = recordings(cli).find((one) => one.name === 'simple')?.lines ?? [];
    const parser = provider.parser(null);
    const before = parser.memory();
    const kept = JSON.stringify(before);
    for (const line of lines) parser.push(line);
    expect(JSON.stringify(before)).toBe(kept);
    expect(JSON.stringify(parser.memory())).not.toBe(kept);
  });

  test('a memory that does not fit counts as none', () => {
    const exit = { exitCode: 0, signal: null, stderr: '', endedAt: 0 };
    const fresh = provider.parser(null).conclude(exit);
    for (const memory of [1, 'x', [], {}, { session: 5 }]) {
      expect(provider.parser(memory).conclude(exit)).toEqual(fresh);
    }
  });
});

function stored(memory: unknown): ReturnType<typeof json.parse> {
  return json.parse(JSON.parse(JSON.stringify(memory)));
}
