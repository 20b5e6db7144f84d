import { MoError } from '../core/problem.ts';

/** Far above what a goal may have: the rest of an endless input is not waited for. */
const mostBytes = 16 * 1024 * 1024;

/**
 * The goal in plain words, or `-` for all of stdin: one argument of a command line is limited to 128 KB, and a goal may lie in a file.
 */
export async function readGoal(
  words: readonly string[],
  input: AsyncIterable<Uint8Array>,
): Promise<string> {
  if (words.length !== 1 || words[0] !== '-') return words.join(' ');
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of input) {
    chunks.push(chunk);
    bytes += chunk.length;
    if (bytes > mostBytes) throw new MoError({ code: 'goal-too-long', bytes, limit: mostBytes });
  }
  return Buffer.concat(chunks).toString('utf8').trimEnd();
}
