import { spawn, type ChildProcess, type SpawnOptions } from 'node:child_process';
import { closeSync } from 'node:fs';
import type { Readable } from 'node:stream';
import type { Environment } from './environment.ts';
import { errnoOf } from './files.ts';

export type CommandResult = {
  /** null when a signal ended it, it ran into its time limit or could not be started. */
  exitCode: number | null;
  signal: string | null;
  stdout: string;
  stderr: string;
  /** There was more than `maxBytes` of stdout or stderr, and the command was ended for it. */
  isCut: boolean;
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
  /** In a session of its own: there is no terminal it could ask at, and what it has started is ended with it. */
  isApart?: boolean;
};

/** What was asked to end and did not is killed after this long. */
const graceMs = 5_000;

/**
 * Runs a short command to its end. Never throws for what the command does; the result says it. Ended early it is asked first, then
 * killed, and it does not outlive this process.
 */
export async function runCommand(
  file: string,
  args: readonly string[],
  options: CommandOptions,
): Promise<CommandResult> {
  const { cwd, stdin, timeoutMs, signal: cancel, encoding = 'utf8' } = options;
  const started = startCommand(file, args, {
    cwd,
    env: definedOnly(options.env),
    stdio: [stdin === undefined ? 'ignore' : 'pipe', 'pipe', 'pipe'],
    detached: options.isApart === true,
  });
  if (typeof started === 'string') return notStarted(started);
  const child = started;
  const send = (signal: 'SIGTERM' | 'SIGKILL'): void => sendTo(child, signal, options);
  let early: 'cut' | 'timeout' | 'cancelled' | null = null;
  let killing: NodeJS.Timeout | undefined;
  const end = (why: typeof early): void => {
    early ??= why;
    send('SIGTERM');
    killing ??= setTimeout(() => {
      send('SIGKILL');
      // What it has started itself may still hold the other end.
      child.stdout?.destroy();
      child.stderr?.destroy();
    }, graceMs);
  };
  const cancelled = (): void => end('cancelled');
  const limit = timeoutMs === undefined ? undefined : setTimeout(() => end('timeout'), timeoutMs);
  const maxBytes = options.maxBytes ?? 100_000_000;
  const stdout = collect(child.stdout, maxBytes, () => end('cut'));
  const stderr = collect(child.stderr, maxBytes, () => end('cut'));
  cancel?.addEventListener('abort', cancelled);
  if (cancel?.aborted === true) cancelled();
  const leave = (): void => send('SIGTERM');
  running.add(leave);
  try {
    const closed = closeOf(child);
    // Whoever does not read to the end has its reasons; its exit code says them.
    child.stdin?.on('error', () => {});
    child.stdin?.end(stdin);
    const { exitCode, signal, startError } = await closed;
    return {
      exitCode: early === null ? exitCode : null,
      signal,
      stdout: stdout().toString(encoding),
      stderr: stderr().toString(encoding),
      isCut: early === 'cut',
      timedOut: early === 'timeout',
      startError,
    };
  } finally {
    running.delete(leave);
    clearTimeout(limit);
    clearTimeout(killing);
    cancel?.removeEventListener('abort', cancelled);
  }
}

/** What ends each of the commands under way. */
const running = new Set<() => void>();
process.on('exit', () => {
  for (const leave of running) leave();
});

function sendTo(
  child: ChildProcess,
  signal: 'SIGTERM' | 'SIGKILL',
  { isApart }: Pick<CommandOptions, 'isApart'>,
): void {
  if (isApart !== true || child.pid === undefined) return void child.kill(signal);
  try {
    process.kill(-child.pid, signal);
  } catch (cause) {
    // All of them have gone.
    if (errnoOf(cause) !== 'ESRCH') throw cause;
  }
}

/** The errno code where the system refuses at once. */
function startCommand(
  file: string,
  args: readonly string[],
  options: SpawnOptions,
): ChildProcess | string {
  try {
    return spawn(file, args, options);
  } catch (cause) {
    const code = errnoOf(cause);
    if (code === null) throw cause;
    return code;
  }
}

function notStarted(startError: string): CommandResult {
  const nothing = { stdout: '', stderr: '', isCut: false, timedOut: false };
  return { exitCode: null, signal: null, ...nothing, startError };
}

/** When it has ended and all it wrote is read. */
function closeOf(
  child: ChildProcess,
): Promise<Pick<CommandResult, 'exitCode' | 'signal' | 'startError'>> {
  return new Promise((resolve) => {
    child.once('error', (cause) => {
      // A pid: it was started, and what failed is a signal to it; its end comes all the same.
      if (child.pid === undefined)
        resolve({ exitCode: null, signal: null, startError: errnoOf(cause) ?? 'unknown' });
    });
    child.once('close', (exitCode, signal) => resolve({ exitCode, signal, startError: null }));
  });
}

/** Keeps what a stream says, up to the limit; answers with it. */
function collect(stream: Readable | null, maxBytes: number, onFull: () => void): () => Buffer {
  const chunks: Buffer[] = [];
  let left = maxBytes;
  stream?.on('data', (chunk: Buffer) => {
    if (chunk.length > left) onFull();
    if (left > 0) chunks.push(chunk.subarray(0, left));
    left = Math.max(0, left - chunk.length);
  });
  return () => Buffer.concat(chunks);
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
