import { parseJson, type Json } from './json.ts';

/**
 * The handoff in a worker's answer: a JSON object, in a ```json block or bare, with any prose around it. The last one that looks like a
 * handoff wins, so that one quoted on the way does not. Never throws; the time is bounded on any text.
 */
export function extractHandoff(answer: string): Json | null {
  // What counts stands at the end, so of a text that is too long the end is looked at.
  const text = answer.slice(-maxLength);
  let best: { value: Json; rank: number } | null = null;
  const steps = { left: maxSteps };
  for (const part of partsOf(text).toReversed()) {
    for (const value of objectsIn(part.text, steps).toReversed()) {
      const rank = rankOf(value, part);
      if (best === null || rank > best.rank) best = { value, rank };
    }
    if (best?.rank === highestRank) break;
  }
  return best?.value ?? null;
}

const maxLength = 5_000_000;
const maxSteps = 30_000_000;
const maxDepth = 200;

type Part = { text: string; isFenced: boolean };

/** What stands between lines of three backticks, and what stands around them. */
function partsOf(text: string): Part[] {
  const parts: Part[] = [];
  let from = 0;
  let isFenced = false;
  for (let at = 0; at < text.length;) {
    const newline = text.indexOf('\n', at);
    const end = newline === -1 ? text.length : newline;
    // JSON has no raw line break inside a string, so a fence at the start of a line is never part of it.
    if (/^ {0,8}(```|~~~)/.test(text.slice(at, Math.min(end, at + 12)))) {
      parts.push({ text: text.slice(from, at), isFenced });
      isFenced = !isFenced;
      from = end;
    }
    at = end + 1;
  }
  parts.push({ text: text.slice(from), isFenced });
  return parts;
}

function objectsIn(text: string, steps: { left: number }): Json[] {
  const found: Json[] = [];
  let at = text.indexOf('{');
  while (at !== -1 && steps.left > 0) {
    const end = endOfObject(text, at, steps);
    const parsed = end === null ? null : parseJson(text.slice(at, end));
    if (parsed !== null) found.push(withoutPrototypeKeys(parsed.value));
    // Closed but no JSON: what lies inside is a fragment of it, never an answer of its own.
    at = text.indexOf('{', end ?? at + 1);
  }
  return found;
}

/** Index behind the brace that closes the one at `start`; null when there is none or it lies too deep. */
function endOfObject(text: string, start: number, steps: { left: number }): number | null {
  let depth = 0;
  let inString = false;
  for (let at = start; at < text.length; at += 1) {
    steps.left -= 1;
    if (steps.left <= 0) return null;
    const letter = text[at];
    if (inString) {
      if (letter === '\\') at += 1;
      else if (letter === '"') inString = false;
      // A raw line break ends what would have been a string: this is prose, not JSON.
      else if (letter === '\n') return null;
    } else if (letter === '"') {
      inString = true;
    } else if (letter === '{' || letter === '[') {
      depth += 1;
      if (depth > maxDepth) return null;
    } else if (letter === '}' || letter === ']') {
      depth -= 1;
      if (depth === 0) return at + 1;
    }
  }
  return null;
}

const highestRank = 2;

function rankOf(value: Json, part: Part): number {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return 0;
  if (typeof value['status'] === 'string') return highestRank;
  return part.isFenced ? 1 : 0;
}

const prototypeKeys = new Set(['__proto__', 'constructor', 'prototype']);

function withoutPrototypeKeys(value: Json): Json {
  if (Array.isArray(value)) return value.map(withoutPrototypeKeys);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .filter(([key]) => !prototypeKeys.has(key))
      .map(([key, inner]) => [key, withoutPrototypeKeys(inner)]),
  );
}
