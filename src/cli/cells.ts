import stringWidth from 'string-width';

const segmenter = new Intl.Segmenter(undefined, { granularity: 'grapheme' });

/** Cut to a number of terminal cells, with an ellipsis where something is missing; a wide character is never halved. */
export function cutTo(text: string, cells: number): string {
  if (stringWidth(text) <= cells) return text;
  if (cells <= 0) return '';
  let kept = '';
  let used = 0;
  for (const { segment } of segmenter.segment(text)) {
    const width = stringWidth(segment);
    if (used + width > cells - 1) break;
    kept += segment;
    used += width;
  }
  return `${kept}…`;
}

/** Cut or filled with blanks to exactly that many cells. */
export function fitTo(text: string, cells: number): string {
  const cut = cutTo(text, cells);
  return cut + ' '.repeat(Math.max(0, cells - stringWidth(cut)));
}

export function cellsOf(text: string): number {
  return stringWidth(text);
}

/** Broken between words; a word that is longer than a line stands alone. */
export function wrapped(text: string, width: number): string[] {
  const lines: string[] = [];
  for (const word of text.split(' ')) {
    const last = lines.at(-1);
    if (last === undefined || cellsOf(last) + 1 + cellsOf(word) > width) lines.push(word);
    else lines[lines.length - 1] = `${last} ${word}`;
  }
  return lines;
}
