import { expect, test } from 'vitest';
import { askReader } from '../../src/gates/syntax/ask-reader.ts';
import type { Job } from '../../src/gates/syntax/job.ts';
import { outsideGit } from './gating.ts';

/** A reader that does with a file what its name says, as a parser may. */
const program = [
  process.execPath,
  '-e',
  `const fs = require('node:fs');
  for (const { file } of JSON.parse(fs.readFileSync(0, 'utf8'))) {
    if (file.startsWith('hang')) for (;;);
    if (file.startsWith('die')) process.kill(process.pid, 'SIGKILL');
    fs.writeSync(1, JSON.stringify({ file, outcome: { problems: [] } }) + '\\n');
  }`,
];

const jobs = (...files: string[]): Job[] =>
  files.map((file) => ({
    change: { path: file, object: '', mode: '100644', before: null },
    kind: 'json',
    file,
  }));

async function ask(files: string[], limits = { callMs: 60_000, allMs: 120_000 }) {
  const context = await outsideGit();
  const outcomes = await askReader(
    program,
    jobs(...files),
    { context, temp: context.folder },
    limits,
  );
  return files.map((file) => {
    const outcome = outcomes.get(file);
    return outcome === undefined || 'problems' in outcome ? 'read' : outcome.unchecked;
  });
}

test('a reader that dies costs the file it had in hand, and no other', async () => {
  const ended = 'its reader was ended by SIGKILL';
  expect(await ask(['a', 'die 1', 'b', 'die 2', 'die 3', 'c'])).toEqual([
    'read',
    ended,
    'read',
    ended,
    ended,
    'read',
  ]);
});

test('a reader that hangs is ended, and the file it had in hand is given up', async () => {
  expect(await ask(['hang'], { callMs: 200, allMs: 60_000 })).toEqual([
    'its reader did not come to an end',
  ]);
});

test('there is an end to trying', async () => {
  expect(await ask(['hang 1', 'hang 2', 'a'], { callMs: 200, allMs: 0 })).toEqual(
    ['hang 1', 'hang 2', 'a'].map(() => 'the time for reading was over'),
  );
});

test('a program that answers nothing and ends by itself has looked at no file', async () => {
  const context = await outsideGit();
  const broken = [process.execPath, '-e', 'console.error("no such module"); process.exit(3)'];
  const outcomes = await askReader(broken, jobs('a', 'b'), { context, temp: context.folder });
  const why = { unchecked: 'its reader ended with 3: no such module' };
  expect([...outcomes.values()]).toEqual([why, why]);
});
