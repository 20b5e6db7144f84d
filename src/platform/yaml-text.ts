import {
  isAlias,
  isMap,
  isScalar,
  isSeq,
  LineCounter,
  parseDocument,
  type Node,
  type Pair,
  type ParsedNode,
} from 'yaml';
import { readPlainYaml } from './plain-yaml.ts';
import type { WorkflowError } from '../core/problem.ts';
import { showPath, type Path, type SchemaProblem } from '../core/schema-problems.ts';

export type Place = { line: number; column: number };

export type YamlText = {
  value: unknown;
  /** What is no part of `value` because it is not allowed: a key that is there twice, an alias, a key that is no text. */
  refused: WorkflowError[];
  /** Where the value, or its key, begins; the nearest thing around it when there is no such value. */
  place: (problem: PlacedProblem) => Place;
  /** What stands there, to the end of its line, cut where it is long. */
  textAt: (place: Place) => string;
};

/** `inside`: where in the text of a value, counted from 0. */
export type PlacedProblem = SchemaProblem & { inside?: number };

/** YAML 1.2 (so JSON too) as plain data that can say where each part stands. Anchors, custom tags and several documents are refused: a workflow comes from anywhere. */
export function readYaml(text: string): YamlText | { errors: WorkflowError[] } {
  const deepAt = tooDeepAt(text);
  if (deepAt !== null) return { errors: [tooDeep(text, deepAt)] };
  const plainest = readPlainYaml(text);
  return plainest === null ? parseYaml(text) : { ...withPlacesLater(text), value: plainest.value };
}

/** Where things stand is asked only when something is wrong. */
function withPlacesLater(text: string): Omit<YamlText, 'value'> {
  let whole: YamlText | null = null;
  const parsed = (): YamlText => {
    const read = whole ?? parseYaml(text);
    if ('errors' in read) throw new Error(`plain YAML that is none: ${read.errors[0]?.what ?? ''}`);
    whole = read;
    return read;
  };
  return {
    refused: [],
    place: (problem) => parsed().place(problem),
    textAt: (place) => parsed().textAt(place),
  };
}

/** The same by the library alone. */
export function parseYaml(text: string): YamlText | { errors: WorkflowError[] } {
  const lines = new LineCounter();
  const document = parseDocument(text, {
    lineCounter: lines,
    prettyErrors: false,
    // Checked below: the library compares every key with every other one.
    uniqueKeys: false,
  });
  const placeOf = (offset: number): Place => {
    const { line, col } = lines.linePos(offset);
    return { line: Math.max(line, 1), column: Math.max(col, 1) };
  };
  const textAt = ({ line, column }: Place): string => {
    const from = (lines.lineStarts[line - 1] ?? 0) + column - 1;
    const end = lines.lineStarts[line] ?? text.length + 1;
    const rest = text.slice(from, end).trimEnd();
    return rest.length > maxText ? `${rest.slice(0, maxText - 1)}…` : rest;
  };
  // Of several at one place, the last is about what is really missing.
  const found = [...document.errors, ...document.warnings];
  const problems = [...new Map(found.map((one) => [one.pos[0], one])).values()].slice(0, maxErrors);
  if (problems.length > 0) {
    return {
      errors: problems.map((problem) => ({
        ...placeOf(problem.pos[0]),
        text: textAt(placeOf(problem.pos[0])),
        where: '',
        what: messages[problem.code] ?? sentence(problem.message),
        fix: fixes[problem.code] ?? '',
      })),
    };
  }
  const walk: Walk = { errors: [], placeOf, textAt };
  const value = plain(document.contents, [], walk);
  return {
    value,
    refused: walk.errors,
    place: ({ path, at, inside }) =>
      placeOf(
        inside === undefined
          ? offsetOf(document.contents, path, at)
          : offsetInside(text, document.contents, path, inside),
      ),
    textAt,
  };
}

/** What was refused and what is wrong beside, with places, in the order of the lines. */
export function placed(text: YamlText, problems: readonly PlacedProblem[]): WorkflowError[] {
  const errors = problems.map((problem) => {
    const place = text.place(problem);
    const { path, what, fix } = problem;
    return { ...place, text: text.textAt(place), where: showPath(path), what, fix };
  });
  return [...text.refused, ...errors].toSorted(
    (left, right) =>
      (left.line ?? 0) - (right.line ?? 0) || (left.column ?? 0) - (right.column ?? 0),
  );
}

const maxErrors = 50;
const maxText = 60;
const maxDepth = 100;

function tooDeep(text: string, at: number): WorkflowError {
  const before = text.slice(0, at).split('\n');
  return {
    line: before.length,
    column: (before.at(-1) ?? '').length + 1,
    text: null,
    where: '',
    what: 'the text is nested too deeply to be read.',
    fix: `Use at most ${maxDepth} levels.`,
  };
}

const messages: Readonly<Record<string, string>> = {
  MULTIPLE_DOCS: 'the file holds more than one document.',
  TAB_AS_INDENT: 'a tab is no indentation.',
};

const fixes: Readonly<Record<string, string>> = {
  MULTIPLE_DOCS: 'Keep one document: remove the line with ---.',
  TAG_RESOLVE_FAILED: 'Remove the tag.',
  TAB_AS_INDENT: 'Indent with blanks.',
  BAD_INDENT: 'Indent it like its neighbours.',
  MISSING_CHAR: 'Complete it, or put the text in quotes.',
};

/** Brackets that stay open. The parser is recursive, and needs seconds to find out that it cannot go on. */
function tooDeepAt(text: string): number | null {
  let depth = 0;
  for (let at = 0; at < text.length; at += 1) {
    const letter = text[at];
    if (letter === '[' || letter === '{') {
      depth += 1;
      if (depth > maxDepth) return at;
    } else if ((letter === ']' || letter === '}') && depth > 0) {
      depth -= 1;
    }
  }
  return null;
}

type Walk = {
  errors: WorkflowError[];
  placeOf: (offset: number) => Place;
  textAt: (place: Place) => string;
};

function plain(node: ParsedNode | Node | null, path: Path, walk: Walk): unknown {
  if (node === null) return null;
  if (isAlias(node) || node.anchor !== undefined) {
    refuse(walk, node, path, 'anchors and aliases are not read.', 'Write the value out.');
    return null;
  }
  if (isScalar(node)) return node.value;
  if (isSeq<Node>(node))
    return node.items.map((item, index) => plain(item, [...path, index], walk));
  if (!isMap<Node, Node>(node)) return null;
  const entries = new Map<string, unknown>();
  for (const pair of node.items) {
    const key = keyOf(pair);
    if (key === null) {
      refuse(walk, pair.key, path, 'a key must be a plain text.', 'Put it in quotes.');
    } else if (key === '__proto__') {
      refuse(walk, pair.key, path, '__proto__ cannot be a key.', 'Use another name.');
    } else if (entries.has(key)) {
      refuse(walk, pair.key, [...path, key], 'this key is there twice.', 'Keep one of the two.');
    } else {
      entries.set(key, plain(pair.value, [...path, key], walk));
    }
  }
  return Object.fromEntries(entries);
}

function refuse(walk: Walk, node: Node, path: Path, what: string, fix: string): void {
  const place = walk.placeOf(node.range?.[0] ?? 0);
  walk.errors.push({ ...place, text: walk.textAt(place), where: showPath(path), what, fix });
}

function keyOf(pair: Pair<Node, Node | null>): string | null {
  const { key } = pair;
  if (!isScalar(key) || key.value === null || typeof key.value === 'object') return null;
  return typeof key.value === 'string' ? key.value : (key.source ?? null);
}

/** A place in a text, where the text stands in the source as it is: on one line, without escapes. Else the beginning of the text. */
function offsetInside(source: string, root: Node | null, path: Path, inside: number): number {
  const node = nodeAt(root, path);
  const offset = offsetOf(root, path, 'value');
  if (!isScalar(node) || typeof node.value !== 'string') return offset;
  const quote = /^["']/.test(source.slice(offset, offset + 1)) ? 1 : 0;
  const from = offset + quote;
  return source.startsWith(node.value, from) ? from + inside : offset;
}

function nodeAt(root: Node | null, path: Path): Node | null {
  let node = root;
  for (const part of path) {
    if (isSeq<Node>(node) && typeof part === 'number') node = node.items[part] ?? null;
    else if (isMap<Node, Node | null>(node))
      node = node.items.find((one) => keyOf(one) === String(part))?.value ?? null;
    else return null;
  }
  return node;
}

function offsetOf(root: Node | null, path: Path, at: 'key' | 'value'): number {
  let node = root;
  let offset = root?.range?.[0] ?? 0;
  for (const [index, part] of path.entries()) {
    if (isSeq<Node>(node) && typeof part === 'number') {
      const item: Node | undefined = node.items[part];
      if (item === undefined) return offset;
      node = item;
    } else if (isMap<Node, Node | null>(node)) {
      const pair = node.items.find((one) => keyOf(one) === String(part));
      if (pair === undefined) return offset;
      offset = pair.key.range?.[0] ?? offset;
      if (index === path.length - 1 && at === 'key') return offset;
      node = pair.value;
    } else {
      return offset;
    }
    // An empty value has its place behind the colon; its key says more.
    if (node?.range !== undefined && node.range !== null && node.range[0] < node.range[1]) {
      offset = node.range[0];
    }
  }
  return offset;
}

function sentence(message: string): string {
  return /[.!?]$/.test(message) ? message : `${message}.`;
}
