// What `dist/syntax-reader.mjs` runs: reads files that a worker wrote, in a process of its own, because some texts keep a parser busy for
// ever or take all memory. stdin: a list of jobs. stdout: an answer for each, in their order, as soon as it is known.
import { isUtf8 } from 'node:buffer';
import { readFileSync, writeSync } from 'node:fs';
import { z } from 'zod';
import type { Answer, Outcome } from './answer.ts';
import { readText } from './read-text.ts';

const tooDeep = 'it is nested too deeply to be read';
const jobs = z.array(z.object({ file: z.string(), kind: z.string(), name: z.string() }));

for (const { file, kind, name } of jobs.parse(JSON.parse(readFileSync(0, 'utf8')))) {
  const answer: Answer = { file, outcome: await outcomeOf(file, kind, name) };
  writeSync(1, `${JSON.stringify(answer)}\n`);
}

async function outcomeOf(file: string, kind: string, name: string): Promise<Outcome> {
  try {
    const bytes = readFileSync(file);
    if (!isUtf8(bytes)) return { unchecked: 'it is not UTF-8', isOdd: true };
    return await readText(bytes.toString('utf8'), kind, name);
  } catch (cause) {
    if (cause instanceof RangeError) return { unchecked: tooDeep, isOdd: true };
    const said = cause instanceof Error ? cause.message.slice(0, 300) : String(cause);
    return { unchecked: `its reader failed: ${said}`, isOdd: true };
  }
}
