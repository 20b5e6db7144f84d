/** A value as a call writes it. `{ blank: 'handoff' }`: only the name of a field, whose value is for the reader to fill in. */
export type CallValue =
  | string
  | number
  | boolean
  | readonly CallValue[]
  | ReadonlyMap<string, CallValue>
  | { blank: string };

export type CallFields = ReadonlyMap<string, CallValue>;

type Cursor = { text: string; at: number };

/** `{run_id: "r-7", answer: {decision: "yes"}}` at a place of a text, and where it ends; null where no such fields stand there. */
export function readCall(text: string, at: number): { fields: CallFields; end: number } | null {
  const cursor = { text, at };
  const fields = readFields(cursor);
  return fields === null ? null : { fields, end: cursor.at };
}

function readFields(cursor: Cursor): CallFields | null {
  const fields = new Map<string, CallValue>();
  if (take(cursor, /\{/y) === null) return null;
  if (take(cursor, /\}/y) !== null) return fields;
  for (;;) {
    const name = take(cursor, /[a-z]\w*/y);
    if (name === null) return null;
    const value = take(cursor, /: /y) === null ? { blank: name } : readValue(cursor);
    const next = take(cursor, /, |\}/y);
    if (value === null || next === null) return null;
    fields.set(name, value);
    if (next === '}') return fields;
  }
}

function readValue(cursor: Cursor): CallValue | null {
  if (cursor.text.startsWith('{', cursor.at)) return readFields(cursor);
  if (cursor.text.startsWith('[', cursor.at)) return readList(cursor);
  const quoted = take(cursor, /"(?:[^"\\\n]|\\.)*"/y);
  if (quoted !== null) return unquoted(quoted);
  const word = take(cursor, /[\w.-]+/y);
  if (word === null) return null;
  if (word === 'true' || word === 'false') return word === 'true';
  return Number.isNaN(Number(word)) ? word : Number(word);
}

function readList(cursor: Cursor): readonly CallValue[] | null {
  const values: CallValue[] = [];
  take(cursor, /\[/y);
  for (;;) {
    const value = readValue(cursor);
    const next = take(cursor, /, |\]/y);
    if (value === null || next === null) return null;
    values.push(value);
    if (next === ']') return values;
  }
}

function unquoted(text: string): string {
  return text.slice(1, -1).replaceAll(/\\(.)/g, '$1');
}

function take(cursor: Cursor, pattern: RegExp): string | null {
  pattern.lastIndex = cursor.at;
  const found = pattern.exec(cursor.text)?.[0] ?? null;
  if (found !== null) cursor.at += found.length;
  return found;
}
