import { createInterface } from 'node:readline/promises';
import type { Environment } from '../platform/environment.ts';

/** The person's side of a command. `out` is the answer, `err` is everything said beside it. */
export type Terminal = {
  out: (text: string) => void;
  err: (text: string) => void;
  /** Whether someone can be shown a picture that changes in place. */
  isLive: boolean;
  /** Whether someone can be asked. */
  canAsk: boolean;
  hasColor: boolean;
  width: () => number;
  height: () => number;
  /** One line typed by a person; null when they closed the input or broke off. */
  ask: (question: string, signal: AbortSignal) => Promise<string | null>;
};

export function openTerminal(environment: Environment): Terminal {
  // A reader such as `head` may close the pipe early; that is its right and no failure of ours.
  process.stdout.on('error', (error: Error) => {
    if ('code' in error && error.code === 'EPIPE') process.exit(0);
    throw error;
  });
  const isPlain = (environment['NO_COLOR'] ?? '') !== '' || environment['TERM'] === 'dumb';
  return {
    out: (text) => void process.stdout.write(withNewline(text)),
    err: (text) => void process.stderr.write(withNewline(text)),
    isLive: process.stderr.isTTY && !isPlain,
    canAsk: process.stdin.isTTY && process.stderr.isTTY,
    hasColor: process.stderr.isTTY && !isPlain,
    width: () => (process.stderr.isTTY ? process.stderr.columns : 100),
    height: () => (process.stderr.isTTY ? process.stderr.rows : 40),
    ask,
  };
}

export function withoutColor(terminal: Terminal): Terminal {
  return { ...terminal, isLive: false, hasColor: false };
}

async function ask(question: string, signal: AbortSignal): Promise<string | null> {
  const lines = createInterface({ input: process.stdin, output: process.stderr });
  const closed = new AbortController();
  lines.once('close', () => closed.abort());
  // While it asks, the terminal gives Ctrl-C to readline and not to the process.
  lines.once('SIGINT', () => void process.kill(process.pid, 'SIGINT'));
  try {
    return await lines.question(question, { signal: AbortSignal.any([signal, closed.signal]) });
  } catch (error) {
    if (error instanceof Error && error.name === 'AbortError') return null;
    throw error;
  } finally {
    lines.close();
  }
}

function withNewline(text: string): string {
  return text.endsWith('\n') ? text : `${text}\n`;
}
