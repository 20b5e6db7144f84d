import type { Json } from '../core/json.ts';

/** JSON as CEL sees it: whole numbers as ints, objects as maps that have no keys but their own. */
export function toCel(value: Json): unknown {
  if (typeof value === 'number') return Number.isSafeInteger(value) ? BigInt(value) : value;
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return value.map(toCel);
  return new Map(Object.entries(value).map(([key, inner]) => [key, toCel(inner)]));
}

/** A value of CEL as JSON. Throws where it is too large, or something JSON has no word for. */
export function fromCel(value: unknown): Json {
  return plain(value, { parts: 0, letters: 0 });
}

const maxParts = 500_000;
const maxLetters = 5_000_000;

function plain(value: unknown, size: { parts: number; letters: number }): Json {
  size.parts += 1;
  if (typeof value === 'string') size.letters += value.length;
  if (size.parts > maxParts || size.letters > maxLetters) {
    throw new Error(
      `The result is too large: at most ${maxParts} parts with ${maxLetters} letters are taken.`,
    );
  }
  if (typeof value === 'bigint') return wholeNumber(value);
  if (value === null || typeof value === 'boolean' || typeof value === 'string') return value;
  if (typeof value === 'number' && Number.isFinite(value)) return value;
  if (Array.isArray(value)) return value.map((inner: unknown) => plain(inner, size));
  if (value instanceof Map) return plainMap([...value], size);
  if (typeof value === 'object' && Object.getPrototypeOf(value) === Object.prototype) {
    return plainMap(Object.entries(value), size);
  }
  throw new Error(
    'The result is nothing that JSON could hold: give a text, a number, a list or a map.',
  );
}

function plainMap(
  entries: readonly [unknown, unknown][],
  size: { parts: number; letters: number },
): Json {
  const result: [string, Json][] = entries.map(([key, inner]) => {
    size.letters += String(key).length;
    return [String(key), plain(inner, size)];
  });
  return Object.fromEntries(result);
}

function wholeNumber(value: bigint): number {
  const number = Number(value);
  if (Number.isSafeInteger(number)) return number;
  throw new Error(`The number ${value} is too large.`);
}
