import { MoError } from '../core/problem.ts';

/** The rest of an endless input is not waited for. */
const mostBytes = 16 * 1024 * 1024;

/** All of stdin as text: one argument of a command line is limited to 128 KB. */
export async function readStdin(input: AsyncIterable<Uint8Array>, what: string): Promise<string> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of input) {
    chunks.push(chunk);
    bytes += chunk.length;
    if (bytes <= mostBytes) continue;
    throw what === 'goal'
      ? new MoError({ code: 'goal-too-long', bytes, limit: mostBytes })
      : new MoError({
          code: 'bad-input',
          what: `The ${what} on stdin has more than ${mostBytes} bytes.`,
          fix: 'Give what matters of it.',
        });
  }
  return Buffer.concat(chunks).toString('utf8').trimEnd();
}
