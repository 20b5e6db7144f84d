import fc from 'fast-check';
import { expect, test } from 'vitest';
import { createLineSplitter, type Line } from '../../src/supervisor/split-lines.ts';

const roomy = 1_000_000;

function splitAt(bytes: Buffer, cuts: readonly number[], maxBytes: number): Line[] {
  const splitter = createLineSplitter(maxBytes);
  const places = [0, ...cuts.map((cut) => cut % (bytes.length + 1)), bytes.length].toSorted(
    (left, right) => left - right,
  );
  const lines = places.slice(1).flatMap((place, index) => {
    const chunk = Buffer.from(bytes.subarray(places[index], place));
    const taken = splitter.push(chunk);
    chunk.fill(0);
    return taken;
  });
  const last = splitter.end();
  return last === null ? lines : [...lines, last];
}

test('however a stream is cut into chunks, the lines are the same', () => {
  const piece = fc.oneof(
    fc.constantFrom('\n', '\n\n', '\r\n', '\u2028', '\u0085', '😀', '中', '{"a":"b"}'),
    fc.string({ unit: 'binary' }),
  );
  const bytes = fc.oneof(
    fc.array(piece).map((pieces) => Buffer.from(pieces.join(''))),
    fc.uint8Array().map((raw) => Buffer.from(raw)),
  );
  fc.assert(
    fc.property(bytes, fc.array(fc.nat()), (stream, cuts) => {
      const expected = linesOf(stream);
      expect(splitAt(stream, cuts, roomy)).toEqual(expected);
    }),
    { numRuns: 500 },
  );
});

test('bytes that are no UTF-8 become the replacement character, and only they', () => {
  const bytes = Buffer.from([0x61, 0xff, 0x62, 0x0a, 0x63]);
  expect(splitAt(bytes, [], roomy)).toEqual(['a\u{FFFD}b', 'c']);
});

test('a line that is too long is left out with its beginning and its size, the next one is whole', () => {
  const bytes = Buffer.from(`short\n${'x'.repeat(5000)}\nnext\n`);
  const lines = splitAt(bytes, [700, 1400, 2100, 5000], 1000);
  expect(lines).toEqual(['short', { leftOutBytes: 5000, head: 'x'.repeat(200) }, 'next']);
});

test('a stream that never breaks its line is not kept in memory', () => {
  const splitter = createLineSplitter(1024 * 1024);
  const chunk = Buffer.alloc(1024 * 1024, 'y');
  const before = process.memoryUsage().arrayBuffers;
  for (let i = 0; i < 200; i += 1) splitter.push(chunk);
  expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(20 * 1024 * 1024);
  expect(splitter.pendingBytes()).toBe(200 * 1024 * 1024);
});

test('what is pending is exactly what has come since the last line break', () => {
  const splitter = createLineSplitter(roomy);
  splitter.push(Buffer.from('ab\ncd'));
  expect(splitter.pendingBytes()).toBe(2);
  splitter.push(Buffer.from('e'));
  expect(splitter.pendingBytes()).toBe(3);
  splitter.push(Buffer.from('\n'));
  expect(splitter.pendingBytes()).toBe(0);
});

/** Byte by byte, as plainly as it can be said. */
function linesOf(stream: Buffer): string[] {
  const lines: string[] = [];
  let from = 0;
  for (const [at, byte] of stream.entries()) {
    if (byte !== 10) continue;
    lines.push(stream.toString('utf8', from, at));
    from = at + 1;
  }
  return from < stream.length ? [...lines, stream.toString('utf8', from)] : lines;
}
