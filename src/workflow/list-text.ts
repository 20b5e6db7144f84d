import { parseJson, type Json } from '../core/json.ts';
import type { ListSource } from './expression.ts';

export type Listed = { items: Json[] } | { error: string };

/** The items a file holds. Lines without a character are left out; the rows of a CSV file are maps by the names of its first line. */
export function listOfText(source: Exclude<ListSource, 'files'>, text: string): Listed {
  const plain = text.startsWith('\uFEFF') ? text.slice(1) : text;
  switch (source) {
    case 'lines':
      return { items: plain.split(/\r?\n/).filter((line) => line !== '') };
    case 'json': {
      const parsed = parseJson(plain);
      if (parsed === null) return { error: `is no JSON from line ${brokenLine(plain)} on` };
      const { value } = parsed;
      return Array.isArray(value) ? { items: value } : { error: 'holds no list in JSON' };
    }
    case 'jsonl':
      return linesOfJson(plain);
    case 'csv':
      return rowsOfCsv(plain);
  }
}

function linesOfJson(text: string): Listed {
  const items: Json[] = [];
  for (const [index, line] of text.split('\n').entries()) {
    if (line.trim() === '') continue;
    const parsed = parseJson(line);
    if (parsed === null) return { error: `holds no JSON in line ${index + 1}` };
    items.push(parsed.value);
  }
  return { items };
}

/** The first line with which a text that is no JSON cannot become any: what only ends too early is broken in its last. */
function brokenLine(text: string): number {
  const lines = text.split('\n');
  const isBroken = (count: number): boolean => {
    try {
      JSON.parse(`${lines.slice(0, count).join('\n')}\n`);
      return false;
    } catch (error) {
      return !(error instanceof Error) || !/end of JSON|Unterminated string/.test(error.message);
    }
  };
  let [good, bad] = [0, lines.length];
  while (bad - good > 1) {
    const middle = Math.floor((good + bad) / 2);
    if (isBroken(middle)) bad = middle;
    else good = middle;
  }
  return bad;
}

function rowsOfCsv(text: string): Listed {
  const rows = csvRows(text);
  if ('error' in rows) return rows;
  const [header, ...rest] = rows.rows;
  if (header === undefined) return { items: [] };
  const names = header.fields;
  if (new Set(names).size < names.length) return { error: 'names a column twice in line 1' };
  const long = rest.find(({ fields }) => fields.length > names.length);
  if (long !== undefined) return { error: `has more fields than columns in line ${long.line}` };
  return {
    items: rest.map(({ fields }) =>
      Object.fromEntries(names.map((name, place) => [name, fields[place] ?? ''])),
    ),
  };
}

/** `line`: where the row begins. */
type Row = { line: number; fields: string[] };

/** RFC 4180: fields between commas, in quotes where they hold commas, quotes or line breaks. Empty lines are left out. */
function csvRows(text: string): { rows: Row[] } | { error: string } {
  const rows: Row[] = [];
  let [line, begins] = [1, 1];
  let row: string[] = [];
  const field = /("(?:[^"]|"")*"|[^,\r\n]*)(,|\r?\n|\r|$)/y;
  while (field.lastIndex < text.length) {
    const [whole, value = '', end = ''] = field.exec(text) ?? [];
    if (whole === undefined || (value.startsWith('"') && !isClosed(value)))
      return { error: `has a quote that is not closed, or goes on behind it, in line ${line}` };
    line += whole.split(/\r\n|\r|\n/).length - 1;
    row.push(value.startsWith('"') ? value.slice(1, -1).replaceAll('""', '"') : value);
    if (end === ',') continue;
    rows.push({ line: begins, fields: row });
    row = [];
    begins = line;
  }
  if (row.length > 0) rows.push({ line: begins, fields: [...row, ''] });
  return { rows: rows.filter(({ fields }) => fields.length > 1 || fields[0] !== '') };
}

function isClosed(value: string): boolean {
  return value.length > 1 && value.endsWith('"');
}
