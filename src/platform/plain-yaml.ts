/**
 * The value of a text that is written in the plainest YAML: maps in blocks and `{…}`, lists in `[…]`, texts on one line, whole numbers,
 * true and false, ASCII only. null for all else, and wherever there is the least doubt: then the whole parser decides. It is for files of
 * ten thousand nodes, of which that parser makes several objects a letter; `plain-yaml.test.ts` holds the two to the same answer.
 */
export function readPlainYaml(text: string): { value: unknown } | null {
  if (!/^[\n\x20-\x7e]*$/.test(text)) return null;
  const lines = linesOf(text);
  const reader: Reader = { lines, at: 0 };
  if (lines[0]?.indent !== 0) return null;
  const value = readBlock(reader, 0, 0);
  return value === doubt || reader.at < lines.length ? null : { value };
}

type Line = { indent: number; content: string };
type Reader = { lines: readonly Line[]; at: number };

const doubt = Symbol('doubt');
const maxLevels = 50;

function linesOf(text: string): Line[] {
  return text.split('\n').flatMap((line) => {
    const content = line.trim();
    if (content === '' || content.startsWith('#')) return [];
    return [{ indent: line.length - line.trimStart().length, content }];
  });
}

/** The map whose keys begin at `indent`. */
function readBlock(reader: Reader, indent: number, level: number): unknown {
  if (level > maxLevels) return doubt;
  const entries = new Map<string, unknown>();
  for (;;) {
    const line = reader.lines[reader.at];
    if (line === undefined || line.indent < indent) return Object.fromEntries(entries);
    const [, key = '', rest = ''] = /^([A-Za-z_][\w-]{0,99}):(?: +(.*))?$/.exec(line.content) ?? [];
    if (line.indent > indent || !isKey(key) || entries.has(key)) return doubt;
    reader.at += 1;
    const below = reader.lines[reader.at]?.indent ?? -1;
    // A text that goes on in the next line, or a key without a value, is not for here.
    if (below > indent !== (rest === '')) return doubt;
    const value = rest === '' ? readBlock(reader, below, level + 1) : readLine(rest);
    if (value === doubt) return doubt;
    entries.set(key, value);
  }
}

/** What stands behind a key, to the end of its line. */
function readLine(text: string): unknown {
  if (/^[A-Za-z]/.test(text)) return /: |:$| #/.test(text) ? doubt : word(text);
  const cursor: Cursor = { text, at: 0 };
  const value = readFlow(cursor);
  return cursor.at < text.length ? doubt : value;
}

type Cursor = { text: string; at: number };

/** One value of a line: a map, a list, a text in quotes, a number or a word. */
function readFlow(cursor: Cursor): unknown {
  switch (cursor.text.charAt(cursor.at)) {
    case '{':
      return readMap(cursor);
    case '[':
      return readList(cursor);
    case "'":
    case '"': {
      const quoted = take(cursor, /'[^']*'(?!')|"[^"\\]*"/y);
      return quoted === null ? doubt : quoted.slice(1, -1);
    }
    default: {
      const plain = take(cursor, /[A-Za-z0-9][^,[\]{}:#]*/y);
      return plain === null ? doubt : word(plain.trimEnd());
    }
  }
}

function readMap(cursor: Cursor): unknown {
  const entries = new Map<string, unknown>();
  take(cursor, /\{ */y);
  if (take(cursor, /\}/y) !== null) return {};
  for (;;) {
    const key = take(cursor, /[A-Za-z_][\w-]{0,99}(?=: )/y);
    if (key === null || !isKey(key) || entries.has(key)) return doubt;
    take(cursor, /: +/y);
    const value = readFlow(cursor);
    const next = take(cursor, / *(?:, +|\})/y);
    if (value === doubt || next === null) return doubt;
    entries.set(key, value);
    if (next.endsWith('}')) return Object.fromEntries(entries);
  }
}

function readList(cursor: Cursor): unknown {
  const items: unknown[] = [];
  take(cursor, /\[ */y);
  if (take(cursor, /\]/y) !== null) return items;
  for (;;) {
    const value = readFlow(cursor);
    const next = take(cursor, / *(?:, +|\])/y);
    if (value === doubt || next === null) return doubt;
    items.push(value);
    if (next.endsWith(']')) return items;
  }
}

function take(cursor: Cursor, pattern: RegExp): string | null {
  pattern.lastIndex = cursor.at;
  const found = pattern.exec(cursor.text)?.[0] ?? null;
  if (found !== null) cursor.at += found.length;
  return found;
}

/** Words that mean something else than themselves are left to the parser, all but these. */
function word(text: string): unknown {
  if (/^[A-Za-z]/.test(text)) {
    if (text === 'true' || text === 'false') return text === 'true';
    return /^(null|true|false)$/i.test(text) ? doubt : text;
  }
  if (/^(0|[1-9][0-9]{0,14})$/.test(text)) return Number(text);
  return /^[1-9][0-9]{0,11}(ms|[smhdKM]|KB|MB)$/.test(text) ? text : doubt;
}

function isKey(key: string): boolean {
  return key !== '' && key !== '__proto__' && !/^(null|true|false)$/i.test(key);
}
