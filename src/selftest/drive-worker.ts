import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Json } from '../core/json.ts';
import type { Conclusion, Provider, WorkerEvent, WorkerRequest } from '../core/worker.ts';
import type { Clock } from '../platform/clock.ts';
import { systemClock } from '../platform/clock.ts';
import type { Environment } from '../platform/environment.ts';
import { newUuid } from '../platform/ids.ts';
import { startLineProcess } from '../platform/line-process.ts';
import { markerVariable } from '../platform/process-tree.ts';
import { workerEnvironment } from '../supervisor/worker-environment.ts';
import type { TemporaryHome } from './temporary-home.ts';

export type Drive = {
  /** To the whole process group of the worker. */
  kill: (signal: NodeJS.Signals) => void;
  events: readonly WorkerEvent[];
  /** Resolves with the first event of that type, past or to come; rejects when the worker ends without one. */
  until: (type: WorkerEvent['type']) => Promise<WorkerEvent>;
  end: Promise<Conclusion & { stderr: string; lines: string[] }>;
  /** In the environment of everything the worker starts. */
  marker: string;
};

export type DriveOptions = {
  /** The beginning of the argument list that starts the CLI. */
  command: readonly string[];
  home: TemporaryHome;
  /** Of the caller; only its PATH is used. */
  env: Environment;
  folder: string;
  request?: Partial<WorkerRequest>;
  memory?: Json;
  /** In the environment of the worker before its own. */
  outerMarker?: string;
  clock?: Clock;
};

/** Starts a real CLI exactly as a provider describes it, and reads it with the provider's parser. */
export async function driveWorker(
  provider: Provider,
  prompt: string,
  options: DriveOptions,
): Promise<Drive> {
  const { home, folder, request = {}, outerMarker } = options;
  const [file = provider.binary, ...prefix] = options.command;
  const marker = newUuid();
  const attemptFolder = join(home.folder, 'attempts', marker);
  await mkdir(attemptFolder, { recursive: true });
  const description = provider.describe({
    folder,
    mode: 'write',
    model: null,
    effort: null,
    resume: null,
    newSession: newUuid(),
    outputSchema: null,
    attemptFolder,
    profileEnv: {},
    maxUsd: null,
    ...request,
  });
  for (const one of description.files) await writeFile(one.path, one.content);
  const env = workerEnvironment({
    caller: { PATH: options.env['PATH'], ...home.env },
    description,
    profileEnv: {},
    attempt: {
      [markerVariable]: outerMarker === undefined ? marker : `${outerMarker} ${marker}`,
      TMPDIR: attemptFolder,
    },
  });
  const reading = read(provider, options);
  const child = startLineProcess(file, [...prefix, ...description.args], {
    cwd: folder,
    env,
    onLine: reading.onLine,
    group: 'own',
  });
  child.send(prompt);
  child.hangUp();
  return { kill: child.kill, marker, ...reading.follow(child.closed) };
}

type Reading = {
  onLine: (line: string) => void;
  follow: (
    closed: ReturnType<typeof startLineProcess>['closed'],
  ) => Pick<Drive, 'events' | 'until' | 'end'>;
};

function read(provider: Provider, { memory = null, clock = systemClock }: DriveOptions): Reading {
  const parser = provider.parser(memory);
  const events: WorkerEvent[] = [];
  const lines: string[] = [];
  const waiting = new Set<() => void>();
  const lookAll = (): void => {
    for (const look of waiting) look();
  };
  let over: { stderr: string } | null = null;
  const until = (type: WorkerEvent['type']): Promise<WorkerEvent> =>
    new Promise((resolve, reject) => {
      const look = (): void => {
        const found = events.find((event) => event.type === type);
        if (found !== undefined) resolve(found);
        else if (over !== null)
          reject(new Error(`ended without ${type}: ${over.stderr}\n${lines.join('\n')}`));
        else return;
        waiting.delete(look);
      };
      waiting.add(look);
      look();
    });
  return {
    onLine: (line) => {
      lines.push(line);
      events.push(...parser.push(line));
      lookAll();
    },
    follow: (closed) => ({
      events,
      until,
      end: closed.then(({ exitCode, signal, stderr, startError }) => {
        over = { stderr };
        lookAll();
        if (startError !== null) throw new Error(`${provider.binary}: ${startError}`);
        const exit = { exitCode, signal, stderr, endedAt: clock.now() };
        return { ...parser.conclude(exit), stderr, lines };
      }),
    }),
  };
}
