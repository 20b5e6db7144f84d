/** Columns of what is shown to a person, where nobody says that there are fewer. */
export const mostColumns = 80;

export function section(title: string, lines: readonly string[]): string[] {
  if (lines.length === 0) return [];
  return ['', ...(title === '' ? [] : [title]), ...lines];
}

export function counted(amount: number, word: string): string {
  if (amount === 1) return `1 ${word}`;
  return `${amount} ${word}${word.endsWith('ch') ? 'es' : 's'}`;
}

export function cut(text: string, room: number): string {
  return text.length <= room ? text : `${text.slice(0, Math.max(0, room - 1))}…`;
}

/** Control characters would let a file's words move the cursor of whoever reads them. */
export function oneLine(text: string): string {
  return text
    .slice(0, 1_000)
    .replaceAll(/[\p{Cc}\p{Cf}\s]+/gu, ' ')
    .trim();
}

/** Sentences break between words, further lines as far in as the first; rows of tables already fit. */
export function wrap(line: string, width = mostColumns): string[] {
  if (line.length <= width) return [line];
  const indent = ' '.repeat(/^ */.exec(line)?.[0].length ?? 0);
  const lines: string[] = [];
  let rest = line;
  while (rest.length > width) {
    const blank = rest.lastIndexOf(' ', width);
    const at = blank > indent.length ? blank : width;
    lines.push(rest.slice(0, at));
    rest = `${indent}${rest.slice(at).trimStart()}`;
  }
  return [...lines, rest];
}
