import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import type { Environment } from './environment.ts';
import { errnoOf } from './files.ts';

export type LineProcess = {
  /** One line to its stdin. Without effect once it has ended. */
  send: (line: string) => void;
  /** Ends its stdin, which is how a polite program is asked to go. */
  hangUp: () => void;
  kill: () => void;
  /** When it has ended and all it wrote was given to `onLine`. */
  closed: Promise<LineProcessEnd>;
};

export type LineProcessEnd = {
  exitCode: number | null;
  signal: string | null;
  stderr: string;
  /** Set when it could not be started at all: `ENOENT` ... */
  startError: string | null;
};

/** A child that is talked with line by line over stdin and stdout; it does not outlive this process. `env` is its whole environment. */
export function startLineProcess(
  file: string,
  args: readonly string[],
  options: { cwd: string; env: Environment; onLine: (line: string) => void },
): LineProcess {
  const child = spawn(file, args, { cwd: options.cwd, env: options.env, stdio: 'pipe' });
  let stderr = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr = tail(stderr + text)));
  createInterface({ input: child.stdout, crlfDelay: Infinity }).on('line', options.onLine);
  // Whoever has gone does not read; its end says so.
  child.stdin.on('error', () => {});
  const kill = (): void => void child.kill('SIGKILL');
  process.once('exit', kill);
  const closed = new Promise<LineProcessEnd>((resolve) => {
    child.once('error', (cause) => {
      if (child.pid === undefined)
        resolve({ exitCode: null, signal: null, stderr, startError: errnoOf(cause) ?? 'unknown' });
    });
    child.once('close', (exitCode, signal) => {
      process.off('exit', kill);
      resolve({ exitCode, signal, stderr, startError: null });
    });
  });
  return {
    send: (line) => void child.stdin.write(`${line}\n`),
    hangUp: () => void child.stdin.end(),
    kill,
    closed,
  };
}

function tail(text: string): string {
  return text.slice(-10_000);
}
