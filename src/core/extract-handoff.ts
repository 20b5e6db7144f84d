import type { Finding } from './gate.ts';
import { maxHandoffDepth, maxHandoffLength, prototypeKeys, tooLong } from './handoff-bounds.ts';
import { parseJson, type Json } from './json.ts';

/**
 * The handoff in a worker's answer: a JSON object, in a ```json block or bare, with any prose around it. The last one that looks like a
 * handoff wins, so that one quoted on the way does not. Comments and commas before a closing bracket are forgiven. Never throws; the
 * time is bounded on any text.
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
  // Where the beginning is missing, what is left of the handoff is only the last of its parts.
  const isCut = answer.length > maxHandoffLength - 10 && best?.rank === 0;
  return isCut ? null : (best?.value ?? null);
}

/** An answer that a CLI gave as JSON by itself, as `extractHandoff` would give it; null when it is too much to be one. */
export function cleanHandoff(value: Json): Json | null {
  return isTooDeep(value) ? null : withoutPrototypeKeys(value);
}

/** Why `extractHandoff` finds nothing in an answer, for the worker who has to give it again. */
export function whyNoHandoff(answer: string): Finding {
  // Providers keep so much of an answer and cut the rest off.
  if (answer.length > maxHandoffLength - 10) return tooLong();
  const start = answer.lastIndexOf('"status"');
  if (start === -1) {
    return none(
      'The answer ends without a handoff.',
      'A handoff is one JSON object in a ```json block, the last thing of the answer.',
    );
  }
  return none(
    'The handoff at the end of the answer is no JSON that can be read.',
    `${parseError(answer) ?? 'It is cut off, or nested too deep.'} Write line breaks in texts as \\n, quotes as \\", and close every bracket.`,
  );
}

const maxLength = 5_000_000;
const maxSteps = 30_000_000;
const maxDepth = maxHandoffDepth;

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
    const parsed = end === null ? null : parseLeniently(text.slice(at, end));
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
    } else if (letter === '/' && isComment(text, at)) {
      const end = endOfComment(text, at);
      steps.left -= end - at;
      at = end - 1;
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

function parseLeniently(text: string): { value: Json } | null {
  return parseJson(text) ?? parseJson(withoutExtras(text));
}

/** Without comments and without commas before a closing bracket, as people and models write JSON; texts stay as they are. */
function withoutExtras(text: string): string {
  const kept: string[] = [];
  let from = 0;
  let comma: number | null = null;
  for (let at = 0; at < text.length; at += 1) {
    const letter = text[at];
    if (letter === '"') {
      at = endOfString(text, at);
      comma = null;
    } else if (letter === '/' && isComment(text, at)) {
      kept.push(text.slice(from, at), ' ');
      from = endOfComment(text, at);
      at = from - 1;
    } else if (letter === ',') {
      kept.push(text.slice(from, at));
      comma = kept.push(',') - 1;
      from = at + 1;
    } else if (letter === '}' || letter === ']') {
      if (comma !== null) kept[comma] = '';
      comma = null;
    } else if (letter !== ' ' && letter !== '\n' && letter !== '\r' && letter !== '\t') {
      comma = null;
    }
  }
  kept.push(text.slice(from));
  return kept.join('');
}

/** Index of the quote that ends the text which begins at `start`. */
function endOfString(text: string, start: number): number {
  for (let at = start + 1; at < text.length; at += 1) {
    if (text[at] === '\\') at += 1;
    else if (text[at] === '"') return at;
  }
  return text.length;
}

function isComment(text: string, at: number): boolean {
  return text[at + 1] === '/' || text[at + 1] === '*';
}

/** Index behind a comment; the end of the text where nothing ends it. */
function endOfComment(text: string, at: number): number {
  const isLine = text[at + 1] === '/';
  const end = isLine ? text.indexOf('\n', at) : text.indexOf('*/', at + 2);
  if (end === -1) return text.length;
  return isLine ? end : end + 2;
}

/** What the parser says about the last object that speaks of a status. */
function parseError(answer: string): string | null {
  const start = answer.lastIndexOf('{', answer.lastIndexOf('"status"'));
  if (start === -1) return null;
  const end = endOfObject(answer, start, { left: maxSteps }) ?? answer.length;
  try {
    JSON.parse(withoutExtras(answer.slice(start, end)));
    return null;
  } catch (cause) {
    const said = cause instanceof Error ? cause.message : String(cause);
    return `The parser says: ${said.slice(0, 200).replace(/\.$/, '')}.`;
  }
}

function none(title: string, evidence: string): Finding {
  return { severity: 'major', title, file: null, line: null, evidence };
}

const highestRank = 2;

function rankOf(value: Json, part: Part): number {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return 0;
  if (typeof value['status'] === 'string') return highestRank;
  return part.isFenced ? 1 : 0;
}

/** Without recursion: the parser of JSON takes more than the stack does. */
function isTooDeep(value: Json): boolean {
  const open: { value: Json; depth: number }[] = [{ value, depth: 0 }];
  for (let at = open.pop(); at !== undefined; at = open.pop()) {
    if (typeof at.value !== 'object' || at.value === null) continue;
    if (at.depth >= maxDepth) return true;
    for (const inner of Object.values(at.value)) open.push({ value: inner, depth: at.depth + 1 });
  }
  return false;
}

function withoutPrototypeKeys(value: Json): Json {
  if (Array.isArray(value)) return value.map(withoutPrototypeKeys);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .filter(([key]) => !prototypeKeys.has(key))
      .map(([key, inner]) => [key, withoutPrototypeKeys(inner)]),
  );
}
