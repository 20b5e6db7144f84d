import { open } from 'node:fs/promises';
import { stripVTControlCharacters } from 'node:util';
import { redactorOf } from '../core/redact.ts';

/** Of a long output the beginning (what ran) and more of the end (what went wrong) are kept. */
const headBytes = 1_000_000;
const tailBytes = 4_000_000;
const mostLines = 60;
const mostCharacters = 6_000;

/** The output of a command, at most 5 MB of it, without secrets and without what only a terminal understands. */
export async function readOutput(file: string, secrets: readonly string[] = []): Promise<string> {
  const redact = redactorOf(secrets);
  await using handle = await open(file, 'r');
  const { size } = await handle.stat();
  const read = async (start: number, length: number): Promise<string> => {
    const { bytesRead, buffer } = await handle.read(Buffer.alloc(length), 0, length, start);
    return buffer.toString('utf8', 0, bytesRead);
  };
  if (size <= headBytes + tailBytes) return redact(clean(await read(0, size)));
  const head = await read(0, headBytes);
  const tail = await read(size - tailBytes, tailBytes);
  // Half a line may be half a secret, which no pattern knows.
  const wholeHead = head.slice(0, head.lastIndexOf('\n') + 1);
  const wholeTail = tail.slice(tail.indexOf('\n') + 1);
  const left = size - headBytes - tailBytes;
  return redact(clean(`${wholeHead}\n… about ${left} bytes left out …\n\n${wholeTail}`));
}

/** The last lines that say something: what a worker needs to mend it. */
export function lastLines(output: string): string {
  const lines = output.split('\n').filter((line) => /[\p{L}\p{N}]/u.test(line));
  const end = lines
    .slice(-mostLines)
    .map((line) => (line.length > 500 ? `${line.slice(0, 500)}…` : line.trimEnd()))
    .join('\n');
  return end.length > mostCharacters ? `…${end.slice(-mostCharacters)}` : end;
}

/** The output from the first line that sounds like what went wrong, which some print above pages of usage; of the rest the end. */
export function sayingWhy(output: string): string {
  const lines = output.split('\n').filter((line) => /[\p{L}\p{N}]/u.test(line));
  const first = lines.findIndex((line) =>
    /\b(?:error|fatal|failed|cannot|not found)\b/i.test(line),
  );
  const why = lines.slice(Math.max(0, first)).join('\n').trim();
  if (why.length <= mostWhy) return why;
  const half = mostWhy / 2;
  return first === -1 ? `…${why.slice(-mostWhy)}` : `${why.slice(0, half)}…${why.slice(-half)}`;
}

const mostWhy = 2_000;

/** Colours and cursor moves go; of a line that was written over only its last state stays. */
function clean(output: string): string {
  return stripVTControlCharacters(output)
    .replaceAll('\r\n', '\n')
    .split('\n')
    .map((line) => line.slice(line.trimEnd().lastIndexOf('\r') + 1))
    .join('\n');
}
