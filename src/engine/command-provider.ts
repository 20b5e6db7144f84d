import { noSpend } from '../core/spend.ts';
import type { EndClass, ProcessExit, Provider } from '../core/worker.ts';

/** A `command` node's worker: a shell. Its task comes on stdin like any prompt; every line it prints is text. */
export const commandProvider: Provider = {
  name: 'command',
  vendor: 'command',
  binary: 'sh',
  install: null,
  abilities: {
    resume: false,
    steer: false,
    structuredOutput: false,
    readOnly: false,
    usage: 'none',
    money: false,
    quota: false,
    sandbox: false,
    commands: false,
  },
  describe: () => ({
    command: 'sh',
    args: ['-s'],
    env: { CI: '1' },
    passEnv: [],
    dropEnv: [],
    files: [],
  }),
  parser: (memory) => {
    const lines: string[] = Array.isArray(memory)
      ? memory.filter((line) => typeof line === 'string')
      : [];
    return {
      push: (line) => {
        lines.push(line.slice(0, 2_000));
        if (lines.length > 100) lines.shift();
        return [{ type: 'text', text: line.slice(0, 2_000) }];
      },
      memory: () => [...lines],
      conclude: (exit) => ({
        class: classOf(exit),
        message: messageOf(exit),
        exitCode: exit.exitCode,
        signal: exit.signal,
        session: null,
        model: null,
        spend: noSpend,
        resetsAt: null,
        answer: lines.join('\n'),
        structured: null,
      }),
    };
  },
  probe: {
    versionArgs: [],
    version: () => null,
    authArgs: null,
    signedIn: () => 'yes',
    unable: () => null,
    keyEnv: [],
  },
};

/** Neither a code nor a signal: nobody was there to see it end, or it never began. */
function classOf({ exitCode, signal }: ProcessExit): EndClass {
  if (exitCode === 0) return 'done';
  return exitCode === null && signal === null ? 'lost' : 'crashed';
}

function messageOf({ exitCode, signal, stderr }: ProcessExit): string {
  if (exitCode === 0) return 'the command ended with exit code 0';
  if (exitCode === null && signal === null) return 'the command ended while nobody watched it';
  const tail = stderr.trim().split('\n').slice(-3).join(' ');
  return `the command ended with ${signal ?? `exit code ${exitCode}`}${tail === '' ? '' : `: ${tail}`}`;
}
