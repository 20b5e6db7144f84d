import type { Finding } from './gate.ts';

/** One line of at most so many characters, without control characters. */
export function cutLine(text: string, most: number): string {
  const flat = text
    .slice(0, most * 4)
    .replaceAll(/[\p{Cc}\p{Cf}\s]+/gu, ' ')
    .trim();
  return flat.length > most ? `${flat.slice(0, most - 1)}…` : flat;
}

/** `major src/a.ts:7: the title`. */
export function findingText({ severity, title, file, line }: Finding): string {
  const place = file === null ? '' : ` ${cutLine(file, 120)}${line === null ? '' : `:${line}`}`;
  return `${severity}${place}: ${cutLine(title, 200)}`;
}

/** `1 finding`, `3 findings`. */
export function countedFindings(count: number): string {
  return `${count} ${count === 1 ? 'finding' : 'findings'}`;
}
