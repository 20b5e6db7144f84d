import { createReadStream } from 'node:fs';
import type { WorkflowError } from '../core/problem.ts';
import { errnoOf } from './files.ts';

/** `reason`: why there is nothing to read, in words. `error`: what is read is no text, with the place. */
export type TextFile = { text: string } | { reason: string } | { error: WorkflowError };

/** The text of a file that somebody named: UTF-8, at most `mostBytes` and one more, so that who asks can see that there is more. */
export async function readTextFile(path: string, mostBytes: number): Promise<TextFile> {
  let bytes: Buffer;
  try {
    bytes = await bytesOf(path, mostBytes);
  } catch (cause) {
    const code = errnoOf(cause);
    if (code === null) throw cause;
    return { reason: reasons.get(code) ?? code };
  }
  const nul = bytes.indexOf(0);
  const isCut = bytes.length > mostBytes;
  if (nul >= 0 && !isCut) return { error: noText(bytes, nul, 'it holds a NUL byte') };
  try {
    return { text: new TextDecoder('utf-8', { fatal: !isCut }).decode(bytes) };
  } catch {
    return { error: noText(bytes, firstBadByte(bytes), 'it is not in UTF-8 here') };
  }
}

const reasons: ReadonlyMap<string, string> = new Map([
  ['ENOENT', 'there is no such file'],
  ['ENOTDIR', 'a part of its path is a file'],
  ['EISDIR', 'it is a folder'],
  ['EACCES', 'it may not be read'],
]);

async function bytesOf(path: string, mostBytes: number): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of createReadStream(path, { end: mostBytes })) chunks.push(chunk);
  return Buffer.concat(chunks);
}

function noText(bytes: Buffer, offset: number, why: string): WorkflowError {
  // A letter that is cut at the end is left out.
  const decoded = new TextDecoder().decode(bytes.subarray(0, offset), { stream: true });
  const before = decoded.split('\n');
  return {
    line: before.length,
    column: (before.at(-1) ?? '').length + 1,
    text: null,
    where: '',
    what: `this is no text: ${why}.`,
    fix: 'Name a YAML or JSON file, saved as UTF-8.',
  };
}

/** Where decoding begins to fail; a character has up to four bytes. */
function firstBadByte(bytes: Buffer): number {
  let good = 0;
  let end = bytes.length;
  while (good < end) {
    const middle = Math.ceil((good + end) / 2);
    if (isWhole(bytes.subarray(0, middle))) good = middle;
    else end = middle - 1;
  }
  return good;
}

/** Whether it is UTF-8 as far as it goes; a character that is cut at the end is none against it. */
function isWhole(bytes: Buffer): boolean {
  try {
    new TextDecoder('utf-8', { fatal: true }).decode(bytes, { stream: true });
    return true;
  } catch {
    return false;
  }
}
