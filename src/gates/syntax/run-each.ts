import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { readText } from '../../platform/files.ts';
import { runToEnd, type CommandEnd } from '../command.ts';
import { readOutput } from '../command-output.ts';
import type { Place } from './job.ts';

/** How a command ended for one file; `exitCode` null: it was not begun, or did not end in time. */
export type FileEnd = { file: string; exitCode: number | null; output: string };

export type EachAnswer = { how: CommandEnd; ends: FileEnd[] };

/**
 * Runs a shell command once for each file, one after another in one shell, the way a gate command is run. The command finds the file
 * in `MO_FILE` and nowhere else, so a name can hold what it likes.
 */
export async function runEach(
  command: string,
  files: readonly string[],
  { context, temp }: Place,
  { timeoutMs, name }: { timeoutMs: number; name: string },
): Promise<EachAnswer> {
  const answers = join(temp, name);
  await mkdir(answers);
  const script = join(temp, `${name}.sh`);
  await writeFile(script, scriptOf(command, files, answers));
  const raw = join(temp, `${name}.raw`);
  const how = await runToEnd(
    { command: `exec /bin/sh ${quoted(script)}`, timeoutMs },
    context,
    raw,
  );
  const ends = files.map(async (file, index): Promise<FileEnd> => {
    const code = (await readText(join(answers, `${index + 1}.code`)))?.trim() ?? '';
    const hasFailed = code !== '' && code !== '0';
    return {
      file,
      exitCode: code === '' ? null : Number(code),
      output: hasFailed ? await readOutput(join(answers, `${index + 1}`)) : '',
    };
  });
  return { how, ends: await Promise.all(ends) };
}

/** Every text in it is in single quotes, in which a shell knows no special character but the quote that ends them. */
function scriptOf(command: string, files: readonly string[], answers: string): string {
  const lines = [
    `MO_CHECK=${quoted(command)}`,
    `MO_ANSWERS=${quoted(answers)}`,
    // Half a gigabyte a file: a command that prints without end would fill the disk.
    'ulimit -f 1000000',
    'n=0',
    'check() {',
    '  n=$((n + 1))',
    '  MO_FILE=$1 /bin/sh -c "$MO_CHECK" </dev/null >"$MO_ANSWERS/$n" 2>&1',
    '  echo "$?" >"$MO_ANSWERS/$n.code"',
    '}',
    ...files.map((file) => `check ${quoted(file)}`),
  ];
  return `${lines.join('\n')}\n`;
}

export function quoted(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}
