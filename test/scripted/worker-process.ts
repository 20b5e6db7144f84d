import { spawn } from 'node:child_process';
import { once } from 'node:events';
import type { Conclusion, WorkerEvent } from '../../src/core/worker.ts';
import { findBinary } from '../../src/platform/find-binary.ts';
import { scripted } from '../../src/providers/scripted/index.ts';
import type { Script } from '../../src/providers/scripted/script.ts';

export type WorkerInput = {
  folder: string;
  prompt: string;
  args?: readonly string[];
  env?: Readonly<Record<string, string>>;
};

export type WorkerOutput = {
  stdout: Buffer;
  stderr: string;
  exitCode: number | null;
  signal: string | null;
  events: WorkerEvent[];
  conclusion: Conclusion;
};

export const endedAt = 1_000_000;

/** A prompt as people would write it, with the script somewhere inside. */
export function promptWith(script: Script | object): string {
  return `Do what the script says.\n\n\`\`\`mo-script\n${JSON.stringify(script, null, 2)}\n\`\`\`\n\nAnd nothing else.\n`;
}

/** The built worker, from its start to its end. */
export async function runWorker(input: WorkerInput): Promise<WorkerOutput> {
  return startWorker(input).output;
}

export type StartedWorker = {
  kill: (signal: NodeJS.Signals) => void;
  /** What it printed so far, as soon as that contains the text. */
  printed: (text: string) => Promise<string>;
  output: Promise<WorkerOutput>;
};

export function startWorker(input: WorkerInput): StartedWorker {
  const [file, ...prefix] = findBinary(scripted.binary, {}) ?? [];
  if (file === undefined) throw new Error('dist/scripted-worker.mjs is missing: npm run build');
  const child = spawn(file, [...prefix, '--folder', input.folder, ...(input.args ?? [])], {
    env: { PATH: process.env['PATH'], HOME: input.folder, ...input.env },
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  child.stdin.end(input.prompt);
  const stdout: Buffer[] = [];
  const stderr: Buffer[] = [];
  child.stdout.on('data', (chunk: Buffer) => stdout.push(chunk));
  child.stderr.on('data', (chunk: Buffer) => stderr.push(chunk));
  return {
    kill: (signal) => child.kill(signal),
    printed: async (text) => {
      while (!Buffer.concat(stdout).includes(text)) await once(child.stdout, 'data');
      return Buffer.concat(stdout).toString('utf8');
    },
    output: once(child, 'close').then(() =>
      outputOf(Buffer.concat(stdout), Buffer.concat(stderr).toString('utf8'), {
        exitCode: child.exitCode,
        signal: child.signalCode,
      }),
    ),
  };
}

function outputOf(
  stdout: Buffer,
  stderr: string,
  exit: { exitCode: number | null; signal: string | null },
): WorkerOutput {
  const parser = scripted.parser(null);
  const events = stdout
    .toString('utf8')
    .split('\n')
    .flatMap((line) => parser.push(line));
  return {
    stdout,
    stderr,
    ...exit,
    events,
    conclusion: parser.conclude({ ...exit, stderr, endedAt }),
  };
}

/** The texts of one kind of event, in order. */
export function textsOf(output: WorkerOutput): string[] {
  return output.events.flatMap((event) => (event.type === 'text' ? [event.text] : []));
}
