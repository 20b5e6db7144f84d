import type { Finding } from './gate.ts';

export const maxHandoffLength = 1_000_000;
export const maxHandoffDepth = 200;
const maxValues = 20_000;

/** Keys that reach a prototype in careless code. */
export const prototypeKeys: ReadonlySet<string> = new Set([
  '__proto__',
  'constructor',
  'prototype',
]);

/** Why a value is too much to be looked at as a handoff, or null. Without recursion: it may be nested as deep as a parser lets it. */
export function boundsFinding(value: unknown): Finding | null {
  const open: { value: unknown; depth: number }[] = [{ value, depth: 0 }];
  let values = 0;
  let length = 0;
  for (let at = open.pop(); at !== undefined; at = open.pop()) {
    values += 1;
    if (typeof at.value === 'string') length += at.value.length;
    if (length > maxHandoffLength) return tooLong();
    if (values > maxValues) {
      return bound(
        `The handoff holds more than ${count(maxValues)} values`,
        'Give what matters most; the rest belongs into a file.',
      );
    }
    if (typeof at.value !== 'object' || at.value === null) continue;
    if (at.depth >= maxHandoffDepth) {
      return bound(
        `The handoff is nested more than ${maxHandoffDepth} levels deep`,
        'Answer with the fields of the contract.',
      );
    }
    for (const [key, inner] of Object.entries(at.value)) {
      if (prototypeKeys.has(key) && !Array.isArray(at.value)) {
        return bound(`The handoff has a key ${key}, which no handoff may have`, 'Remove it.');
      }
      if (!Array.isArray(at.value)) length += key.length;
      open.push({ value: inner, depth: at.depth + 1 });
    }
  }
  return null;
}

export function tooLong(): Finding {
  return bound(
    `The handoff has more than ${count(maxHandoffLength)} characters`,
    'Give what matters most; the rest belongs into a file.',
  );
}

function bound(title: string, evidence: string): Finding {
  return { severity: 'major', title: `${title}.`, file: null, line: null, evidence };
}

function count(number: number): string {
  return number.toLocaleString('en-US');
}
