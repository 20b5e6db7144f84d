import { spawn, type ChildProcess } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Json } from '../../../src/core/json.ts';
import type { Conclusion, Provider, WorkerEvent, WorkerRequest } from '../../../src/core/worker.ts';
import type { TemporaryHome } from '../../../src/selftest/temporary-home.ts';
import { workerEnvironment } from '../../../src/supervisor/worker-environment.ts';

export type Drive = {
  child: ChildProcess;
  events: WorkerEvent[];
  /** Resolves with the first event of that type, past or to come; rejects when the worker ends without one. */
  until: (type: WorkerEvent['type']) => Promise<WorkerEvent>;
  end: Promise<Conclusion & { stderr: string; lines: string[] }>;
  /** In the environment of everything the worker starts. */
  marker: string;
};

/** Starts a real CLI exactly as a provider describes it, and reads it with the provider's parser. */
export async function driveWorker(
  provider: Provider,
  prompt: string,
  options: {
    clis: string;
    home: TemporaryHome;
    folder: string;
    request?: Partial<WorkerRequest>;
    memory?: Json;
  },
): Promise<Drive> {
  const { clis, home, folder, request = {}, memory = null } = options;
  const marker = randomUUID();
  const attemptFolder = join(home.folder, 'attempts', marker);
  await mkdir(attemptFolder, { recursive: true });
  const description = provider.describe({
    folder,
    mode: 'write',
    model: null,
    effort: null,
    resume: null,
    newSession: randomUUID(),
    outputSchema: null,
    attemptFolder,
    profileEnv: {},
    maxUsd: null,
    ...request,
  });
  for (const file of description.files) await writeFile(file.path, file.content);
  const child = spawn(join(clis, description.command), description.args, {
    cwd: folder,
    detached: true,
    env: workerEnvironment({
      caller: { PATH: process.env['PATH'], ...home.env },
      description,
      profileEnv: {},
      attempt: { MO_ATTEMPT: marker, TMPDIR: attemptFolder },
    }),
  });
  child.stdin.end(prompt);
  return { child, marker, ...read(child, provider, memory) };
}

function read(
  child: ReturnType<typeof spawn>,
  provider: Provider,
  memory: Json,
): Pick<Drive, 'events' | 'until' | 'end'> {
  const { stdout, stderr: errors } = child;
  if (stdout === null || errors === null) throw new Error('a worker without output');
  const parser = provider.parser(memory);
  const events: WorkerEvent[] = [];
  const lines: string[] = [];
  const waiting = new Set<() => void>();
  let stderr = '';
  errors.setEncoding('utf8').on('data', (text: string) => (stderr += text));
  const reader = createInterface({ input: stdout, crlfDelay: Infinity });
  reader.on('line', (line) => {
    lines.push(line);
    events.push(...parser.push(line));
    for (const look of waiting) look();
  });
  let isOver = false;
  const end = new Promise<Conclusion & { stderr: string; lines: string[] }>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (exitCode, signal) => {
      isOver = true;
      for (const look of waiting) look();
      const exit = { exitCode, signal, stderr, endedAt: Date.now() };
      resolve({ ...parser.conclude(exit), stderr, lines });
    });
  });
  const until = (type: WorkerEvent['type']): Promise<WorkerEvent> =>
    new Promise((resolve, reject) => {
      const look = (): void => {
        const found = events.find((event) => event.type === type);
        if (found !== undefined) resolve(found);
        else if (isOver) reject(new Error(`ended without ${type}: ${stderr}\n${lines.join('\n')}`));
        else return;
        waiting.delete(look);
      };
      waiting.add(look);
      look();
    });
  return { events, until, end };
}
