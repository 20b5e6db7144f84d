import { execa } from 'execa';
import { closeSync } from 'node:fs';
import { spawn } from 'node:child_process';
import type { Environment } from './environment.ts';

export type CommandResult = {
  /** null when a signal ended it, it ran into its time limit or could not be started. */
  exitCode: number | null;
  signal: string | null;
  stdout: string;
  stderr: string;
  timedOut: boolean;
  /** Set when the command could not be started at all: `ENOENT`, `EACCES`, `E2BIG` ... */
  startError: string | null;
};

export type CommandOptions = {
  cwd: string;
  /** The whole environment of the child; nothing is inherited beside it. */
  env: Environment;
  stdin?: string | Buffer;
  timeoutMs?: number;
  signal?: AbortSignal;
  /** Output beyond this is cut; default 100 MB. */
  maxBytes?: number;
  /** `latin1`: one character for each byte of the output; default `utf8`. */
  encoding?: 'utf8' | 'latin1';
};

/** Runs a short command to its end. Never throws for what the command does; the result says it. */
export async function runCommand(
  file: string,
  args: readonly string[],
  options: CommandOptions,
): Promise<CommandResult> {
  const result = await execa(file, [...args], {
    cwd: options.cwd,
    env: definedOnly(options.env),
    extendEnv: false,
    reject: false,
    stripFinalNewline: false,
    maxBuffer: options.maxBytes ?? 100_000_000,
    encoding: options.encoding ?? 'utf8',
    ...(options.stdin === undefined ? { stdin: 'ignore' } : { input: options.stdin }),
    ...(options.timeoutMs === undefined ? {} : { timeout: options.timeoutMs }),
    ...(options.signal === undefined ? {} : { cancelSignal: options.signal }),
  });
  return {
    exitCode: result.exitCode ?? null,
    signal: result.signal ?? null,
    stdout: result.stdout,
    stderr: result.stderr,
    timedOut: result.timedOut,
    startError:
      result.exitCode === undefined && result.signal === undefined ? (result.code ?? null) : null,
  };
}

export type DetachedOptions = {
  cwd: string;
  env: Environment;
  /** Open descriptors, closed here once the child has them; `ignore` is /dev/null. */
  stdin: number | 'ignore';
  stdout: number | 'ignore';
  stderr: number | 'ignore';
};

export type Detached = {
  pid: number;
  /** Fulfilled when the process has ended, as long as this process lives to see it. */
  exited: Promise<{ exitCode: number | null; signal: string | null }>;
};

/** Starts a process in a session and group of its own that goes on when this one dies. Rejects with the errno error when it cannot be started. */
export async function startDetached(
  file: string,
  args: readonly string[],
  options: DetachedOptions,
): Promise<Detached> {
  try {
    const child = spawn(file, args, {
      cwd: options.cwd,
      env: definedOnly(options.env),
      detached: true,
      stdio: [options.stdin, options.stdout, options.stderr],
    });
    const exited = new Promise<{ exitCode: number | null; signal: string | null }>((resolve) => {
      child.once('exit', (exitCode, signal) => resolve({ exitCode, signal }));
    });
    await new Promise<void>((resolve, reject) => {
      child.once('spawn', resolve);
      child.once('error', reject);
    });
    child.unref();
    if (child.pid === undefined) throw new Error(`${file} was started without a pid`);
    return { pid: child.pid, exited };
  } finally {
    for (const descriptor of [options.stdin, options.stdout, options.stderr]) {
      if (typeof descriptor === 'number') closeSync(descriptor);
    }
  }
}

function definedOnly(env: Environment): Record<string, string> {
  const defined: Record<string, string> = {};
  for (const [name, value] of Object.entries(env)) if (value !== undefined) defined[name] = value;
  return defined;
}
