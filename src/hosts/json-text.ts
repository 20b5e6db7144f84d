import type { Json } from '../core/json.ts';
import { TextError } from './text-error.ts';

/** The value of a strict JSON text. Throws `TextError` with the line of the first mistake. */
export function valueOfJson(text: string): Json {
  return valueOf(parse(text));
}

/** null: there is none. Throws `TextError` where it, or something on the way, is no object. */
export function objectInJson(text: string, path: readonly string[]): Record<string, Json> | null {
  let node = parse(text);
  for (const [index, key] of path.entries()) {
    if (node.kind !== 'object') throw notAnObject(text, node, path.slice(0, index));
    const member: Member | undefined = node.members.findLast((one) => one.key === key);
    if (member === undefined) return null;
    node = member.value;
  }
  if (node.kind !== 'object') throw notAnObject(text, node, path);
  return Object.fromEntries(node.members.map(({ key, value }) => [key, valueOf(value)]));
}

/**
 * Sets one value and leaves every other byte as it is: indentation, line ends, order, blanks. What is missing on the way is made.
 * Throws `TextError` for a text that is no JSON, or where something on the way is no object.
 */
export function setInJson(text: string, path: readonly string[], value: Json): string {
  const style = styleOf(text);
  const [name, ...rest] = path;
  if (name === undefined) return text;
  let node = parse(text);
  const before: string[] = [];
  for (const [index, key] of path.entries()) {
    if (node.kind !== 'object') throw notAnObject(text, node, before);
    const member: Member | undefined = node.members.findLast((one) => one.key === key);
    const isLast = index === path.length - 1;
    if (member === undefined) return insert(text, node, path.slice(index), value, style);
    if (isLast) {
      const shown = format(value, indentAt(text, member.keyStart), style, isFlat(text, node));
      return text.slice(0, member.value.start) + shown + text.slice(member.value.end);
    }
    node = member.value;
    before.push(key);
  }
  throw new Error(`nothing to set at ${[name, ...rest].join('.')}`);
}

/** Removes one value with its key and its comma; a text without it stays as it is. */
export function removeFromJson(text: string, path: readonly string[]): string {
  let node = parse(text);
  for (const [index, key] of path.entries()) {
    if (node.kind !== 'object') return text;
    const at: number = node.members.findLastIndex((one) => one.key === key);
    const member = node.members[at];
    if (member === undefined) return text;
    if (index < path.length - 1) {
      node = member.value;
      continue;
    }
    const previous = node.members[at - 1];
    const next = node.members[at + 1];
    if (previous !== undefined) {
      return text.slice(0, previous.value.end) + text.slice(member.value.end);
    }
    if (next !== undefined) return text.slice(0, member.keyStart) + text.slice(next.keyStart);
    return text.slice(0, node.start + 1) + text.slice(node.end - 1);
  }
  return text;
}

type Member = { key: string; keyStart: number; value: Node };
type Place = { start: number; end: number };
type Node = Place &
  (
    | { kind: 'object'; members: Member[] }
    | { kind: 'array'; items: Node[] }
    | { kind: 'plain'; value: null | boolean | number | string }
  );
type Style = { unit: string; newline: string; isCompact: boolean };

function styleOf(text: string): Style {
  return {
    unit: /\n([ \t]+)\S/.exec(text)?.[1] ?? '  ',
    newline: text.includes('\r\n') ? '\r\n' : '\n',
    isCompact: !text.trim().includes('\n') && text.trim().length > 2,
  };
}

function isFlat(text: string, node: Place): boolean {
  const inside = text.slice(node.start + 1, node.end - 1);
  return inside.trim() !== '' && !inside.includes('\n');
}

function insert(
  text: string,
  node: Extract<Node, { kind: 'object' }>,
  path: readonly string[],
  value: Json,
  style: Style,
): string {
  const [key = '', ...rest] = path;
  const whole = rest.reduceRight<Json>((inner, name) => ({ [name]: inner }), value);
  const flat = style.isCompact || isFlat(text, node);
  const last = node.members.at(-1);
  if (last !== undefined) {
    const indent = indentAt(text, last.keyStart);
    const joint = flat ? ', ' : `,${style.newline}${indent}`;
    const shown = `${JSON.stringify(key)}: ${format(whole, indent, style, flat)}`;
    return text.slice(0, last.value.end) + joint + shown + text.slice(last.value.end);
  }
  const outer = indentAt(text, node.start);
  const indent = outer + style.unit;
  const shown = `${JSON.stringify(key)}: ${format(whole, indent, style, style.isCompact)}`;
  const inside = style.isCompact
    ? shown
    : `${style.newline}${indent}${shown}${style.newline}${outer}`;
  return `${text.slice(0, node.start + 1)}${inside}${text.slice(node.end - 1)}`;
}

function format(value: Json, indent: string, { unit, newline }: Style, flat: boolean): string {
  if (flat) return JSON.stringify(value);
  return JSON.stringify(value, null, unit).replaceAll('\n', `${newline}${indent}`);
}

/** The white space the line of this place begins with. */
function indentAt(text: string, offset: number): string {
  const lineStart = text.lastIndexOf('\n', offset - 1) + 1;
  return /^[ \t]*/.exec(text.slice(lineStart, offset))?.[0] ?? '';
}

function notAnObject(text: string, node: Node, path: readonly string[]): TextError {
  const name = path.length === 0 ? 'the whole file' : path.join('.');
  return new TextError(`${name} is no object`, lineAt(text, node.start));
}

function valueOf(node: Node): Json {
  switch (node.kind) {
    case 'plain':
      return node.value;
    case 'array':
      return node.items.map(valueOf);
    case 'object':
      return Object.fromEntries(node.members.map(({ key, value }) => [key, valueOf(value)]));
  }
}

function parse(text: string): Node {
  const reader = new Reader(text);
  const node = reader.value(0);
  reader.expectEnd();
  return node;
}

const maxDepth = 500;

/** RFC 8259, with places. `JSON.parse` says on Node 20 only sometimes where a mistake is. */
class Reader {
  private at = 0;
  private readonly text: string;

  constructor(text: string) {
    this.text = text;
    if (text.startsWith('\uFEFF')) this.at = 1;
  }

  value(depth: number): Node {
    if (depth > maxDepth) throw this.error('too many levels');
    this.skipBlanks();
    const start = this.at;
    switch (this.text.charAt(this.at)) {
      case '{': {
        const members = this.list('}', () => this.member(depth + 1));
        return { kind: 'object', members, start, end: this.at };
      }
      case '[': {
        const items = this.list(']', () => this.value(depth + 1));
        return { kind: 'array', items, start, end: this.at };
      }
      case '"':
        return { kind: 'plain', value: this.string(), start, end: this.at };
      default:
        return { kind: 'plain', value: this.word(), start, end: this.at };
    }
  }

  expectEnd(): void {
    this.skipBlanks();
    if (this.at < this.text.length) throw this.error('something stands behind the end');
  }

  private member(depth: number): Member {
    this.skipBlanks();
    const keyStart = this.at;
    if (this.text[this.at] !== '"') throw this.error('a key in double quotes is missing');
    const key = this.string();
    this.skipBlanks();
    if (this.text[this.at] !== ':') throw this.error('a colon is missing');
    this.at += 1;
    return { key, keyStart, value: this.value(depth) };
  }

  private list<T>(close: string, one: () => T): T[] {
    const items: T[] = [];
    this.at += 1;
    this.skipBlanks();
    if (this.text[this.at] === close) {
      this.at += 1;
      return items;
    }
    for (;;) {
      items.push(one());
      this.skipBlanks();
      const sign = this.text[this.at];
      if (sign !== ',' && sign !== close) throw this.error(`a comma or ${close} is missing`);
      this.at += 1;
      if (sign === close) return items;
    }
  }

  private string(): string {
    const found = /"(?:[^"\\\n\r]|\\[^\n\r])*"/y;
    found.lastIndex = this.at;
    const [text] = found.exec(this.text) ?? [];
    if (text === undefined) throw this.error('a text is not closed');
    const value = parsed(text);
    if (typeof value !== 'string') throw this.error('a text holds what JSON does not allow');
    this.at += text.length;
    return value;
  }

  private word(): null | boolean | number | string {
    const found = /[-+.\w]+/y;
    found.lastIndex = this.at;
    const [text] = found.exec(this.text) ?? [];
    const value = text === undefined ? undefined : parsed(text);
    if (text === undefined || value === undefined) throw this.error('a value is missing');
    this.at += text.length;
    return value;
  }

  private skipBlanks(): void {
    while (' \t\r\n'.includes(this.text[this.at] ?? '-')) this.at += 1;
    if (this.text.startsWith('//', this.at) || this.text.startsWith('/*', this.at)) {
      throw this.error('JSON has no comments');
    }
  }

  private error(what: string): TextError {
    return new TextError(what, lineAt(this.text, this.at));
  }
}

function parsed(text: string): null | boolean | number | string | undefined {
  try {
    const value: unknown = JSON.parse(text);
    const isPlain =
      value === null ||
      typeof value === 'boolean' ||
      typeof value === 'number' ||
      typeof value === 'string';
    return isPlain ? value : undefined;
  } catch {
    return undefined;
  }
}

function lineAt(text: string, offset: number): number {
  return text.slice(0, offset).split('\n').length;
}
