import type { WorkflowError } from '../core/problem.ts';

/**
 * The first comment of JSON, which YAML takes for a part of what follows: whatever is wrong behind it comes from that. null for a text
 * that is no JSON object, or has none.
 */
export function jsonComment(text: string): WorkflowError | null {
  if (!/^\ufeff?\s*(\{|\/[/*])/.test(text)) return null;
  const outside = text.replaceAll(/"(?:[^"\\\n]|\\.)*"/g, (whole) => '"'.repeat(whole.length));
  const found = /(?<=^|[\s{[,])\/[/*]/.exec(outside);
  if (found === null) return null;
  const before = text.slice(0, found.index).split('\n');
  const column = (before.at(-1) ?? '').length + 1;
  const line = text.split('\n')[before.length - 1] ?? '';
  return {
    line: before.length,
    column,
    text: line.slice(column - 1, column + 59).trimEnd(),
    where: '',
    what: 'JSON has no comments.',
    fix: 'Remove it, or begin it with # on a line of its own.',
  };
}
