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
      const value = parseJson(plain)?.value;
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

function rowsOfCsv(text: string): Listed {
  const rows = csvFields(text);
  if (rows === null) return { error: 'has a quote that is not closed' };
  const [header, ...rest] = rows;
  if (header === undefined) return { items: [] };
  if (new Set(header).size < header.length) return { error: 'names a column twice' };
  const long = rest.findIndex((row) => row.length > header.length);
  if (long !== -1) return { error: `has more fields than columns in row ${long + 1}` };
  return {
    items: rest.map((row) =>
      Object.fromEntries(header.map((name, place) => [name, row[place] ?? ''])),
    ),
  };
}

/** RFC 4180: fields between commas, in quotes where they hold commas, quotes or line breaks. Empty lines are left out. null: a quote is open. */
function csvFields(text: string): string[][] | null {
  const rows: string[][] = [];
  let row: string[] = [];
  const field = /("(?:[^"]|"")*"|[^,\r\n]*)(,|\r?\n|\r|$)/y;
  while (field.lastIndex < text.length) {
    const [whole, value = '', end = ''] = field.exec(text) ?? [];
    if (whole === undefined || (value.startsWith('"') && !isClosed(value))) return null;
    row.push(value.startsWith('"') ? value.slice(1, -1).replaceAll('""', '"') : value);
    if (end === ',') continue;
    rows.push(row);
    row = [];
  }
  if (row.length > 0) rows.push([...row, '']);
  return rows.filter((fields) => fields.length > 1 || fields[0] !== '');
}

function isClosed(value: string): boolean {
  return value.length > 1 && value.endsWith('"');
}
