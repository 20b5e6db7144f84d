import { open } from 'node:fs/promises';
import { MoError } from '../core/problem.ts';
import { compressedSuffix, readCompressed } from '../platform/compressed-file.ts';
import { errnoOf } from '../platform/files.ts';

/** A piece of a text. `end` is the byte behind it, `total` the bytes there are now. */
export type Page = { text: string; end: number; total: number };

/** Throws nothing-to-show for a cursor behind the end; at the end there may be more later. `call`: reads it from its beginning. */
export function checkCursor(cursor: number, bytes: number, call: string): void {
  if (cursor <= bytes) return;
  throw new MoError({
    code: 'nothing-to-show',
    what: `Cursor ${cursor} is behind the end: there are ${bytes} bytes.`,
    fix: `From the beginning: ${call}`,
  });
}

export type Cut = { from: number; most: number };

/** Room for the line that names the next page below the hard cap of an answer. */
export const hardCap = 29_800;

/** Reads only the bytes it shows, however long the file is; a compressed one is gone through. null when there is no such file. */
export async function pageOfFile(path: string, cut: Cut): Promise<Page | null> {
  if (path.endsWith(compressedSuffix)) return pageOfCompressed(path, cut);
  const file = await open(path, 'r').catch((cause: unknown) => {
    if (errnoOf(cause) === 'ENOENT') return null;
    throw cause;
  });
  if (file === null) return null;
  try {
    const { size } = await file.stat();
    const from = Math.min(cut.from, size);
    const bytes = Buffer.alloc(Math.min(limitOf(cut), size - from));
    const { bytesRead } = await file.read(bytes, 0, bytes.length, from);
    return piece(bytes.subarray(0, bytesRead), from, size);
  } finally {
    await file.close();
  }
}

async function pageOfCompressed(path: string, cut: Cut): Promise<Page> {
  const shown: Buffer[] = [];
  let total = 0;
  for await (const bytes of readCompressed(path)) {
    const start = Math.max(0, cut.from - total);
    shown.push(bytes.subarray(start, Math.max(start, cut.from + limitOf(cut) - total)));
    total += bytes.length;
  }
  return piece(Buffer.concat(shown), Math.min(cut.from, total), total);
}

/** A page of a text that is at hand; null when it is empty. */
export function pageOfText(text: string, cut: Cut): Page | null {
  if (text === '') return null;
  const bytes = Buffer.from(text);
  const from = Math.min(cut.from, bytes.length);
  return piece(bytes.subarray(from, from + limitOf(cut)), from, bytes.length);
}

function limitOf(cut: Cut): number {
  return Math.min(cut.most, hardCap);
}

/** Ends at a line where one ends in the second half, else between two characters. */
function piece(bytes: Buffer, from: number, total: number): Page {
  if (from + bytes.length >= total) return { text: bytes.toString(), end: total, total };
  const newline = bytes.lastIndexOf(0x0a);
  const length = newline > bytes.length / 2 ? newline + 1 : wholeCharacters(bytes);
  return { text: bytes.subarray(0, length).toString(), end: from + length, total };
}

/** The length without a character of UTF-8 that is cut at the end. */
export function wholeCharacters(bytes: Buffer): number {
  let start = bytes.length - 1;
  while (start > 0 && bytes.length - start < 4 && ((bytes[start] ?? 0) & 0xc0) === 0x80) start -= 1;
  const lead = bytes[start] ?? 0;
  const size = lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : lead >= 0xc0 ? 2 : 1;
  return start + size > bytes.length && start > 0 ? start : bytes.length;
}
