import { isDeepStrictEqual } from 'node:util';
import { parse, stringify, TomlError } from 'smol-toml';
import { fieldOf, json, type Json } from '../core/json.ts';
import { TextError } from './text-error.ts';

type Table = Readonly<Record<string, Json>>;

/** The value of a TOML text as JSON has it (dates as texts). Throws `TextError` with the line of the first mistake. */
export function valueOfToml(text: string): Json {
  try {
    return json.parse(JSON.parse(JSON.stringify(parse(withoutMark(text)))));
  } catch (cause) {
    if (!(cause instanceof TomlError)) throw cause;
    const [what = cause.message] = cause.message.split('\n');
    throw new TextError(what.replace(/^Invalid TOML document: /, ''), cause.line);
  }
}

/** null: there is none. Throws `TextError` where it, or something on the way, is no table. */
export function tableInToml(text: string, path: readonly string[]): Table | null {
  let found: Json | undefined = valueOfToml(text);
  for (const [index, key] of path.entries()) {
    found = fieldOf(found, key);
    if (found === undefined) return null;
    if (isTable(found)) continue;
    const at = text.split('\n').findIndex((one) => /^[^#]*/.exec(one)?.[0].includes(key));
    throw new TextError(`${path.slice(0, index + 1).join('.')} is no table`, at + 1);
  }
  return isTable(found) ? found : null;
}

/**
 * Writes one table and leaves every other byte as it is: comments, order, line ends. Keys of the table that `table` does not name stay.
 * Tables below it are written as tables. Throws `TextError` where the table is written in a way that cannot be changed in place.
 */
export function setTomlTable(text: string, path: readonly string[], table: Table): string {
  const newline = text.includes('\r\n') ? '\r\n' : '\n';
  const wanted = merged(valueAt(valueOfToml(text), path) ?? {}, table);
  const written = writeTable(text, path, table, newline);
  return checked(text, written, path, wanted);
}

/** Removes a table with the tables below it; a text without it stays as it is. */
export function removeTomlTable(text: string, path: readonly string[]): string {
  if (valueAt(valueOfToml(text), path) === undefined) return text;
  const cuts = sectionsOf(text).filter(({ path: own }) => startsWith(own, path));
  const left = cuts.reduceRight((rest, { start, end }) => {
    const isLast = end === rest.length;
    const before = rest.slice(0, start);
    // The blank line that stood before the table goes with it.
    return (isLast ? before.replace(/(\r?\n)(\r?\n)+$/, '$1') : before) + rest.slice(end);
  }, text);
  return checked(text, left, path, undefined);
}

type Section = {
  path: readonly string[];
  start: number;
  /** Behind the last line of its values and the blank lines after it; comments that follow belong to what comes next. */
  end: number;
  /** Behind the last line that holds a value, or the header. */
  bodyEnd: number;
  values: { key: readonly string[]; start: number; end: number }[];
};

function writeTable(text: string, path: readonly string[], table: Table, newline: string): string {
  let result = text;
  const inner = Object.entries(table).flatMap(([key, value]) =>
    isTable(value) ? [{ key, value }] : [],
  );
  const plain = Object.entries(table).filter(([, value]) => !isTable(value));
  if (plain.length > 0 || inner.length === 0) result = writeValues(result, path, plain, newline);
  for (const { key, value } of inner) result = writeTable(result, [...path, key], value, newline);
  return result;
}

function writeValues(
  text: string,
  path: readonly string[],
  plain: readonly [string, Json][],
  newline: string,
): string {
  const section = sectionsOf(text).find(({ path: own }) => isDeepStrictEqual(own, path));
  if (section === undefined) return append(text, path, plain, newline);
  const missing = plain.filter(
    ([key]) => !section.values.some((value) => isDeepStrictEqual(value.key, [key])),
  );
  const lines = missing.map(([key, value]) => `${line(key, value)}${newline}`).join('');
  const head = text.slice(0, section.bodyEnd);
  const joint = lines === '' || head.endsWith('\n') ? '' : newline;
  let result = `${head}${joint}${lines}${text.slice(section.bodyEnd)}`;
  for (const { key, start, end } of section.values.toReversed()) {
    const found = plain.find(([name]) => isDeepStrictEqual(key, [name]));
    if (found === undefined) continue;
    const before = valueOfToml(`x = ${text.slice(start, end)}`);
    if (isDeepStrictEqual(fieldOf(before, 'x'), found[1])) continue;
    result = result.slice(0, start) + tomlValue(found[1]) + result.slice(end);
  }
  return result;
}

/** Behind the last table that shares the longest way with it; the first of its kind goes to the end of the file. */
function append(
  text: string,
  path: readonly string[],
  plain: readonly [string, Json][],
  newline: string,
): string {
  const sections = sectionsOf(text);
  const near = path
    .map((_key, index) => path.slice(0, path.length - 1 - index))
    .filter((start) => start.length > 0)
    .map((start) => sections.findLast(({ path: own }) => startsWith(own, start)))
    .find((section) => section !== undefined);
  const at = near?.bodyEnd ?? text.length;
  const head = text.slice(0, at);
  const header = `[${path.map(tomlKey).join('.')}]${newline}`;
  const body = plain.map(([key, value]) => `${line(key, value)}${newline}`).join('');
  const lineEnd = head === '' || head.endsWith('\n') ? '' : newline;
  const blank = head.trim() === '' ? '' : newline;
  return `${head}${lineEnd}${blank}${header}${body}${text.slice(at)}`;
}

function line(key: string, value: Json): string {
  return `${tomlKey(key)} = ${tomlValue(value)}`;
}

function tomlKey(key: string): string {
  return /^[A-Za-z0-9_-]+$/.test(key) ? key : JSON.stringify(key);
}

function tomlValue(value: Json): string {
  if (Array.isArray(value)) return `[${value.map(tomlValue).join(', ')}]`;
  return stringify({ x: value }).trim().replace(/^x = /, '');
}

/** A slip of the scanner below must never reach a file: what comes out is read again and must differ in our table alone. */
function checked(
  before: string,
  after: string,
  path: readonly string[],
  wanted: Json | undefined,
): string {
  const rest = (value: Json): Json => withoutAt(value, path);
  const now = readBack(after);
  const isRight =
    now !== null &&
    isDeepStrictEqual(valueAt(now, path), wanted) &&
    isDeepStrictEqual(rest(now), rest(valueOfToml(before)));
  if (isRight) return after;
  const at = sectionsOf(before).find(({ path: own }) => startsWith(path, own.slice(0, 1)));
  throw new TextError(
    `${path.join('.')} is written in a way that cannot be changed in place`,
    before.slice(0, at?.start ?? 0).split('\n').length,
  );
}

function readBack(text: string): Json | null {
  try {
    return valueOfToml(text);
  } catch (error) {
    if (error instanceof TextError) return null;
    throw error;
  }
}

function merged(base: Json, over: Json): Json {
  if (!isTable(base) || !isTable(over)) return over;
  const both = Object.entries(over).map(([key, value]) => {
    const below = fieldOf(base, key);
    return [key, below === undefined ? value : merged(below, value)];
  });
  return { ...base, ...Object.fromEntries(both) };
}

function isTable(value: Json | undefined): value is Record<string, Json> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function valueAt(value: Json, path: readonly string[]): Json | undefined {
  return path.reduce<Json | undefined>((found, key) => fieldOf(found, key), value);
}

/** Without what stands at the path, and without what is empty then on the way to it. */
function withoutAt(value: Json, path: readonly string[]): Json {
  const [key, ...rest] = path;
  if (key === undefined || !isTable(value)) return value;
  const inner = fieldOf(value, key);
  const others = Object.fromEntries(Object.entries(value).filter(([name]) => name !== key));
  if (inner === undefined || rest.length === 0) return others;
  const left = withoutAt(inner, rest);
  return isTable(left) && Object.keys(left).length === 0 ? others : { ...others, [key]: left };
}

function startsWith(path: readonly string[], start: readonly string[]): boolean {
  return start.every((key, index) => path[index] === key);
}

function withoutMark(text: string): string {
  return text.startsWith('\uFEFF') ? text.slice(1) : text;
}

/** The `[tables]` of a text that is known to be TOML, in their order. What stands before the first one is none of them. */
function sectionsOf(text: string): Section[] {
  const sections: Section[] = [];
  let at = text.startsWith('\uFEFF') ? 1 : 0;
  while (at < text.length) {
    const lineEnd = endOfLine(text, at);
    const header = /^[ \t]*(\[\[?)([^\r\n]*)/.exec(text.slice(at, lineEnd));
    const section = sections.at(-1);
    if (header !== null) {
      const path = header[1] === '[' ? pathOf(header[2] ?? '') : [];
      sections.push({ path, start: at, end: lineEnd, bodyEnd: lineEnd, values: [] });
      at = lineEnd;
      continue;
    }
    const value = /^[ \t]*([^#\r\n=]*?("[^"\r\n]*"|'[^'\r\n]*')*[^#\r\n=]*?)[ \t]*=[ \t]*/.exec(
      text.slice(at, lineEnd),
    );
    if (value === null) {
      // Blank lines go with the table before them, unless a comment comes in between.
      if (text.slice(at, lineEnd).trim() === '' && section?.end === at) section.end = lineEnd;
      at = lineEnd;
      continue;
    }
    const start = at + value[0].length;
    const end = endOfValue(text, start);
    at = endOfLine(text, end);
    if (section === undefined) continue;
    section.values.push({ key: pathOf(`${value[1] ?? ''}]`), start, end });
    section.end = at;
    section.bodyEnd = at;
  }
  return sections;
}

/** `a."b.c".d] # comment` → a, b.c, d. */
function pathOf(text: string): string[] {
  const part = /\s*(?:"((?:[^"\\]|\\.)*)"|'([^']*)'|([A-Za-z0-9_-]+))\s*([.\]]?)/y;
  const path: string[] = [];
  for (let found = part.exec(text); found !== null; found = part.exec(text)) {
    path.push(found[1] ?? found[2] ?? found[3] ?? '');
    if (found[4] !== '.') break;
  }
  return path;
}

function endOfLine(text: string, from: number): number {
  const found = text.indexOf('\n', from);
  return found < 0 ? text.length : found + 1;
}

/** Behind the last character of the value that begins here; arrays and texts may go over several lines. */
function endOfValue(text: string, start: number): number {
  const token =
    /"""[\s\S]*?(?<!\\)"""+|'''[\s\S]*?'''+|"(?:[^"\\\n]|\\.)*"|'[^'\n]*'|#[^\n]*|[[{]|[\]}]|\r?\n|[^\s"'#[\]{}]+|[ \t]+/y;
  token.lastIndex = start;
  let depth = 0;
  let end = start;
  for (let found = token.exec(text); found !== null; found = token.exec(text)) {
    const [piece] = found;
    if (depth === 0 && (piece.startsWith('#') || piece.endsWith('\n'))) break;
    if (piece === '[' || piece === '{') depth += 1;
    if (piece === ']' || piece === '}') depth -= 1;
    if (piece.trim() !== '' && !piece.startsWith('#')) end = token.lastIndex;
  }
  return end;
}
