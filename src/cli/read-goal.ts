import { readStdin } from './read-stdin.ts';

/** The goal in plain words, or `-` for all of stdin: a goal may lie in a file. */
export async function readGoal(
  words: readonly string[],
  input: AsyncIterable<Uint8Array>,
): Promise<string> {
  return words.length === 1 && words[0] === '-' ? readStdin(input, 'goal') : words.join(' ');
}
