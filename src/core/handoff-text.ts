import { z } from 'zod';
import { finding } from './gate.ts';
import type { Json } from './json.ts';
import { findingText } from './report-line.ts';

/** A handoff as a person reads it: how it ended and in a word what was found, then its fields, each under its name. Markdown. */
export function handoffText(handoff: Json): string {
  const { status, summary, ...fields } = recordOf(handoff);
  const head = [status, summary].flatMap((one) => (typeof one === 'string' ? [clean(one)] : []));
  const parts = Object.entries(fields).map(([name, value]) => fieldText(name, value));
  return [...(head.length === 0 ? [] : [head.join(': ')]), ...parts].join('\n\n');
}

function fieldText(name: string, value: Json): string {
  const title = titleOf(name);
  if (value === null || (Array.isArray(value) && value.length === 0)) return `## ${title}: none`;
  if (!Array.isArray(value) && typeof value !== 'object') return `## ${title}\n\n${textOf(value)}`;
  return `## ${title}\n\n${linesOf(value).join('\n')}`;
}

/** `open_questions` is `Open questions`. */
function titleOf(name: string): string {
  const words = clean(name).replaceAll('_', ' ');
  return `${words.slice(0, 1).toUpperCase()}${words.slice(1)}`;
}

/** Entries of a list, or fields of a map, as a list. */
function linesOf(value: Json): string[] {
  if (Array.isArray(value)) return value.flatMap(entryLines);
  return Object.entries(recordOf(value)).flatMap(([name, one]) => namedLines(name, one));
}

const judged = z.looseObject({
  severity: finding.shape.severity,
  title: z.string(),
  file: z.string().nullable().catch(null),
  line: z.number().int().nullable().catch(null),
});

function entryLines(entry: Json): string[] {
  if (typeof entry !== 'object' || entry === null) return item(textOf(entry));
  if (Array.isArray(entry)) return item(entry.map(textOf).join(', '));
  const fitting = judged.safeParse(entry);
  if (fitting.success) {
    const { severity: _said, title: _named, file: _at, line: _in, ...rest } = entry;
    return [...item(findingText({ ...fitting.data, evidence: '' })), ...indented(linesOf(rest))];
  }
  const [[, first], [, second], ...more] = pairsOf(entry);
  if (typeof first !== 'string') return item(textOf(entry));
  // What somebody says, or what is said with its evidence.
  if (typeof second === 'string' && more.length === 0)
    return item(`${clean(first)}: ${clean(second)}`);
  // The name of the only list there is would say nothing.
  if (Array.isArray(second) && more.length === 0)
    return [...item(first), ...indented(linesOf(second))];
  const rest = Object.fromEntries(Object.entries(entry).slice(1));
  return [...item(first), ...indented(linesOf(rest))];
}

type Pair = [name: string, value: Json | undefined];

function pairsOf(entry: Record<string, Json>): [Pair, Pair, ...Pair[]] {
  const [first = none, second = none, ...more] = Object.entries(entry);
  return [first, second, ...more];
}

const none: Pair = ['', undefined];

function namedLines(name: string, value: Json): string[] {
  if (value === null || (Array.isArray(value) && value.length === 0)) return [];
  if (typeof value !== 'object') return item(`${clean(name)}: ${textOf(value)}`);
  if (Array.isArray(value) && value.every((one) => typeof one !== 'object'))
    return item(`${clean(name)}: ${value.map(textOf).join(', ')}`);
  return [...item(clean(name)), ...indented(linesOf(value))];
}

/** Every further line of a text stands under its first. */
function item(text: string): string[] {
  const [first = '', ...rest] = clean(text).split('\n');
  return [`- ${first}`, ...indented(rest)];
}

function indented(lines: readonly string[]): string[] {
  return lines.map((line) => `  ${line}`);
}

function textOf(value: Json): string {
  return typeof value === 'string' ? clean(value) : JSON.stringify(value);
}

/** What a worker wrote cannot move the cursor of a terminal. */
function clean(text: string): string {
  return text.replaceAll(/(?!\n)[\p{Cc}\p{Cf}]+/gu, ' ').trim();
}

function recordOf(value: Json): Record<string, Json> {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? value : {};
}
