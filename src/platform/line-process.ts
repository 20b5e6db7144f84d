import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import type { Environment } from './environment.ts';
import { errnoOf } from './files.ts';

export type LineProcess = {
  /** null: it could not be started. */
  pid: number | null;
  /** To its stdin. Without effect once it has ended. */
  send: (text: string) => void;
  /** Ends its stdin, which is how a polite program is asked to go. */
  hangUp: () => void;
  /** To its process group where it has one of its own. Without effect once it has ended. */
  kill: (signal: NodeJS.Signals) => void;
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

export type LineProcessOptions = {
  cwd: string;
  /** The whole environment. */
  env: Environment;
  onLine: (line: string) => void;
  /** Default: that of this process, which a Ctrl-C in the terminal reaches too. */
  group?: 'own';
};

/** A child that is talked with over stdin and stdout, line by line; it does not outlive this process. */
export function startLineProcess(
  file: string,
  args: readonly string[],
  { cwd, env, onLine, group }: LineProcessOptions,
): LineProcess {
  const child = spawn(file, args, { cwd, env, stdio: 'pipe', detached: group === 'own' });
  let stderr = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr = tail(stderr + text)));
  createInterface({ input: child.stdout, crlfDelay: Infinity }).on('line', onLine);
  // Whoever has gone does not read; its end says so.
  child.stdin.on('error', () => {});
  const kill = (signal: NodeJS.Signals): void => {
    if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
    if (group === 'own') process.kill(-child.pid, signal);
    else child.kill(signal);
  };
  const atExit = (): void => kill('SIGKILL');
  process.once('exit', atExit);
  const closed = new Promise<LineProcessEnd>((resolve) => {
    child.once('error', (cause) => {
      if (child.pid === undefined)
        resolve({ exitCode: null, signal: null, stderr, startError: errnoOf(cause) ?? 'unknown' });
    });
    child.once('close', (exitCode, signal) => {
      process.off('exit', atExit);
      resolve({ exitCode, signal, stderr, startError: null });
    });
  });
  return {
    pid: child.pid ?? null,
    send: (text) => void child.stdin.write(text),
    hangUp: () => void child.stdin.end(),
    kill,
    closed,
  };
}

function tail(text: string): string {
  return text.slice(-10_000);
}
