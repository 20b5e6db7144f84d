import { expect, test } from 'vitest';
import { oneLine, shorten, wholeAnswer } from '../../src/providers/shorten.ts';

test('short texts stay as they are', () => {
  expect(shorten('a\nb')).toBe('a\nb');
  expect(oneLine(' a\n\t b ')).toBe('a b');
});

test('long texts are cut with a mark, never in the middle of a character', () => {
  for (const pad of ['', 'x']) {
    const text = shorten(pad + '😀'.repeat(5_000));
    expect(text.length).toBeLessThanOrEqual(4_000);
    expect(text.endsWith('😀…')).toBe(true);
  }
});

test('an answer is whole up to a megabyte', () => {
  expect(wholeAnswer('x'.repeat(1_000_000))).toHaveLength(1_000_000);
  expect(wholeAnswer('x'.repeat(1_000_001)).endsWith('…')).toBe(true);
});
