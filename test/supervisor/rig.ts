import { mkdir, mkdtemp, readFile, rm } from 'node:fs/promises';
import { createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { z } from 'zod';
import type { Limits } from '../../src/core/limits.ts';
import { workerEvent, type Checkpoint, type WorkerEvent } from '../../src/core/worker.ts';
import { systemClock } from '../../src/platform/clock.ts';
import { endTree, findLeader, treeMembers } from '../../src/platform/process-tree.ts';
import type { AttemptSpec, Settled, WatchDeps } from '../../src/supervisor/attempt.ts';
import { markerOf } from '../../src/supervisor/marker.ts';
import { plainProvider } from './plain-provider.ts';

export type PuppetCommand = { do: string; [key: string]: unknown };

/** A puppet that has been started: every call is one command, resolved when it was carried out. */
export type Puppet = {
  tell: (command: PuppetCommand) => Promise<Record<string, unknown>>;
  say: (...events: WorkerEvent[]) => Promise<void>;
  /** A command after which no answer can come. */
  end: (command: PuppetCommand) => void;
};

export type Rig = {
  folder: string;
  spec: AttemptSpec;
  /** Puppets in the order they were started in. */
  nextPuppet: () => Promise<Puppet>;
  watcher: () => Watcher;
  events: () => Promise<(WorkerEvent & { at: number })[]>;
  text: (name: string) => Promise<string>;
  dispose: () => Promise<void>;
};

export type OwnerTask = { spec: Omit<AttemptSpec, 'provider'>; checkpointFile: string };

export const generous: Limits = {
  startupMs: 30_000,
  idleMs: 30_000,
  totalMs: 60_000,
  maxOutputBytes: null,
  softOutputBytes: null,
  graceMs: { interrupt: 300, terminate: 300 },
};

export async function createRig(change: Partial<AttemptSpec> = {}): Promise<Rig> {
  const root = await mkdtemp(join(tmpdir(), 'mo-'));
  const folder = join(root, 'runs', 'r-1', 'nodes', 'build', '1');
  const work = join(root, 'work');
  await mkdir(work, { recursive: true });
  const stage = await openStage(join(root, 'socket'));
  const spec: AttemptSpec = {
    run: 'r-1',
    node: 'build',
    attempt: 1,
    provider: plainProvider(),
    command: [process.execPath, join(import.meta.dirname, 'puppet.mjs')],
    request: {
      folder: work,
      mode: 'write',
      model: null,
      effort: null,
      resume: null,
      newSession: '00000000-0000-4000-8000-000000000000',
      outputSchema: null,
      attemptFolder: folder,
      profileEnv: { PUPPET_SOCKET: join(root, 'socket') },
      maxUsd: null,
    },
    prompt: 'do it',
    folder,
    limits: generous,
    env: { ...process.env, TMPDIR: root },
    ...change,
  };
  return {
    folder,
    spec,
    nextPuppet: stage.nextPuppet,
    watcher: createWatcher,
    events: async () => readEvents(join(folder, 'events.ndjson')),
    text: async (name) => readFile(join(folder, name), 'utf8'),
    dispose: async () => {
      await endTree(
        { leader: findLeader(markerOf(spec)), marker: markerOf(spec) },
        { clock: systemClock, asks: [] },
      );
      stage.close();
      await rm(root, { recursive: true, force: true, maxRetries: 20, retryDelay: 200 });
    },
  };
}

export type Watcher = {
  deps: WatchDeps;
  last: () => Checkpoint | null;
  logged: string[];
  /** Resolves with the first checkpoint, past or to come, that fits. */
  until: (fits: (checkpoint: Checkpoint) => boolean) => Promise<Checkpoint>;
};

export function createWatcher(): Watcher {
  let last: Checkpoint | null = null;
  let waiting: { fits: (one: Checkpoint) => boolean; resolve: (one: Checkpoint) => void }[] = [];
  const logged: string[] = [];
  return {
    deps: {
      clock: systemClock,
      redact: (text) => text.replaceAll(/sk-[a-z0-9]+/g, '[redacted]'),
      log: (line) => logged.push(line),
      onCheckpoint: (checkpoint) => {
        last = checkpoint;
        const fitting = waiting.filter((one) => one.fits(checkpoint));
        waiting = waiting.filter((one) => !fitting.includes(one));
        for (const one of fitting) one.resolve(checkpoint);
      },
    },
    last: () => last,
    logged,
    until: (fits) =>
      new Promise((resolve) => {
        if (last !== null && fits(last)) resolve(last);
        else waiting.push({ fits, resolve });
      }),
  };
}

export async function readEvents(path: string): Promise<(WorkerEvent & { at: number })[]> {
  const text = await readFile(path, 'utf8');
  const recorded = z.intersection(workerEvent, z.object({ at: z.number() }));
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => recorded.parse(JSON.parse(line)));
}

/** The end of an attempt that nobody let go of. */
export async function settledOf(settled: Promise<Settled | 'released'>): Promise<Settled> {
  const end = await settled;
  if (end === 'released') throw new Error('the attempt was released');
  return end;
}

export function livingOf(spec: AttemptSpec): number[] {
  return treeMembers({ leader: null, marker: markerOf(spec) }).map((one) => one.pid);
}

async function openStage(path: string) {
  const arrived: Puppet[] = [];
  const waiting: ((puppet: Puppet) => void)[] = [];
  const sockets = new Set<Socket>();
  const server: Server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => socket.destroy());
    const puppet = puppetOn(socket);
    const next = waiting.shift();
    if (next === undefined) arrived.push(puppet);
    else next(puppet);
  });
  await new Promise<void>((resolve) => {
    server.listen(path, resolve);
  });
  return {
    nextPuppet: () =>
      new Promise<Puppet>((resolve) => {
        const puppet = arrived.shift();
        if (puppet === undefined) waiting.push(resolve);
        else resolve(puppet);
      }),
    close: () => {
      for (const socket of sockets) socket.destroy();
      server.close();
    },
  };
}

function puppetOn(socket: Socket): Puppet {
  const answers: ((answer: Record<string, unknown>) => void)[] = [];
  createInterface({ input: socket }).on('line', (line) => {
    answers.shift()?.(z.record(z.string(), z.unknown()).parse(JSON.parse(line)));
  });
  const tell = (command: PuppetCommand): Promise<Record<string, unknown>> =>
    new Promise((resolve) => {
      answers.push(resolve);
      socket.write(`${JSON.stringify(command)}\n`);
    });
  return {
    tell,
    say: async (...events) => {
      const text = events.map((event) => `${JSON.stringify(event)}\n`).join('');
      await tell({ do: 'print', text });
    },
    end: (command) => {
      socket.write(`${JSON.stringify(command)}\n`);
    },
  };
}
