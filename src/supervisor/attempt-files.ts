import { statSync } from 'node:fs';
import { chmod, mkdir, open, rm, stat } from 'node:fs/promises';
import { constants } from 'node:os';
import { join } from 'node:path';
import { z } from 'zod';
import { parseJson } from '../core/json.ts';
import { fileProblem, readText, writeWhole } from '../platform/files.ts';

/** The files of one attempt. All of them are for the user only (0600, the folder 0700). */
export function attemptFiles(folder: string) {
  return {
    folder,
    prompt: join(folder, 'prompt.md'),
    command: join(folder, 'command.json'),
    /** The worker's own stdout and stderr. */
    raw: join(folder, 'raw.ndjson'),
    stderr: join(folder, 'stderr.txt'),
    /** What the supervisor made of them. */
    events: join(folder, 'events.ndjson'),
    exit: join(folder, 'exit.json'),
  };
}

export type AttemptFiles = ReturnType<typeof attemptFiles>;

/** How a worker was started: for people, and for the owner that adopts it. Names of variables, never values. */
export const commandRecord = z.object({
  argv: z.array(z.string()),
  folder: z.string(),
  env: z.array(z.string()),
  marker: z.string(),
  temporary: z.string(),
  /** Milliseconds since 1970. */
  startedAt: z.number(),
});
export type CommandRecord = z.infer<typeof commandRecord>;

const exitRecord = z.object({ exitCode: z.number().int().nonnegative() });

export async function makeAttemptFolder(files: AttemptFiles): Promise<void> {
  try {
    await mkdir(files.folder, { recursive: true, mode: 0o700 });
    await chmod(files.folder, 0o700);
    // A start that was cut short must not leave its end to the next one.
    for (const file of [files.raw, files.stderr, files.events, files.exit]) {
      await rm(file, { force: true });
    }
  } catch (cause) {
    throw fileProblem(files.raw, cause);
  }
}

export async function writeCommand(files: AttemptFiles, record: CommandRecord): Promise<void> {
  await writeWhole(files.command, `${JSON.stringify(record, null, 2)}\n`, 0o600);
}

/** null when the worker was never started, or so early that nothing was written yet. */
export async function readCommand(files: AttemptFiles): Promise<CommandRecord | null> {
  const text = await readText(files.command);
  return text === null ? null : (commandRecord.safeParse(parseJson(text)?.value).data ?? null);
}

export type Exit = { exitCode: number | null; signal: string | null; endedAt: number };

/** What the shim wrote down; null when it never came to that. */
export async function readExit(files: AttemptFiles): Promise<Exit | null> {
  const text = await readText(files.exit);
  const found = text === null ? null : exitRecord.safeParse(parseJson(text)?.value).data;
  if (found === null || found === undefined) return null;
  return { ...exitOf(found.exitCode), endedAt: (await stat(files.exit)).mtimeMs };
}

/** What a shell's exit code says of the command it ran. */
export function exitOf(exitCode: number): { exitCode: number | null; signal: string | null } {
  const signal = signalOf(exitCode);
  return { exitCode: signal === null ? exitCode : null, signal };
}

/** The end of stderr: reasons stand last, and nobody reads more. */
export async function readStderr(files: AttemptFiles): Promise<string> {
  const kept = 64 * 1024;
  const file = await open(files.stderr, 'a+', 0o600);
  try {
    const { size } = await file.stat();
    const buffer = Buffer.alloc(Math.min(size, kept));
    const { bytesRead } = await file.read(buffer, 0, buffer.length, size - buffer.length);
    return buffer.toString('utf8', 0, bytesRead);
  } finally {
    await file.close();
  }
}

/** Shells tell a signal as 128 plus its number; a program that exits with such a code means the same by it. */
function signalOf(exitCode: number): string | null {
  if (exitCode <= 128) return null;
  return (
    Object.entries(constants.signals).find(([, number]) => number === exitCode - 128)?.[0] ?? null
  );
}

/** 0 when it is not there. */
export function fileSize(path: string): number {
  return statSync(path, { throwIfNoEntry: false })?.size ?? 0;
}
