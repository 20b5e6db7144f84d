import type { Answer } from '../operations/operation.ts';
import { operations } from '../operations/operations.ts';

const names = new Set(operations.map(({ name }) => name));

/** An answer whose next call is one of a tool that this server does not offer says so. */
export function withOffered(answer: Answer, offered: readonly string[]): Answer {
  const { next } = answer.data;
  if (typeof next !== 'string') return answer;
  return { ...answer, data: { ...answer.data, next: offeredText(next, offered) } };
}

export function offeredText(text: string, offered: readonly string[]): string {
  const called = [...text.matchAll(/\b([a-z_]+) (?=\{)/g)].map(([, name = '']) => name);
  const missing = new Set(called.filter((name) => names.has(name) && !offered.includes(name)));
  return missing.size === 0
    ? text
    : `${text} (not offered by this server: ${[...missing].join(', ')})`;
}
