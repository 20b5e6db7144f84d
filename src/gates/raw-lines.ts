import { createReadStream } from 'node:fs';
import { StringDecoder } from 'node:string_decoder';
import type { ScanLine } from './scan-lines.ts';

/** A line longer than this comes in pieces, each of which begins with the end of the one before, so that no secret is cut in two. */
const longestPiece = 200_000;
const overlap = 8_000;

/** The lines of a file, however large it is, in bounded memory. */
export async function* rawLines(file: string, signal: AbortSignal): AsyncGenerator<ScanLine> {
  const decoder = new StringDecoder('utf8');
  let rest = '';
  let line = 1;
  for await (const bytes of createReadStream(file, { highWaterMark: 256 * 1024, signal })) {
    const parts = `${rest}${decoder.write(bytes)}`.split('\n');
    rest = parts.pop() ?? '';
    for (const part of parts) {
      for (const text of pieces(part)) yield { file: null, line, text };
      line += 1;
    }
    while (rest.length > longestPiece) {
      yield { file: null, line, text: rest.slice(0, longestPiece) };
      rest = rest.slice(longestPiece - overlap);
    }
  }
  const last = `${rest}${decoder.end()}`;
  for (const text of last === '' ? [] : pieces(last)) yield { file: null, line, text };
}

function pieces(text: string): string[] {
  if (text.length <= longestPiece) return [text];
  const cut: string[] = [];
  for (let start = 0; start < text.length - overlap; start += longestPiece - overlap) {
    cut.push(text.slice(start, start + longestPiece));
  }
  return cut;
}
