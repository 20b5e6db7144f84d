import { execa } from 'execa';
import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import type { RunEvent, RunSpec } from '../../src/core/event.ts';
import type { NodeSpec } from '../../src/core/node.ts';
import type { Run } from '../../src/core/run.ts';
import type { ProcessId } from '../../src/core/worker.ts';
import type { Engine } from '../../src/engine/engine.ts';
import { ownRun } from '../../src/engine/owner.ts';
import { loadPromptPack } from '../../src/workflow/prompts.ts';
import { readRun } from '../../src/engine/read-run.ts';
import { openRepository } from '../../src/git/repository.ts';
import { systemClock } from '../../src/platform/clock.ts';
import { findBinary } from '../../src/platform/find-binary.ts';
import { newUuid } from '../../src/platform/ids.ts';
import { providers } from '../../src/providers/providers.ts';
import { openStore, type Store } from '../../src/store/store.ts';
import { aNode, aRunSpec } from '../core/build.ts';

/** A repository whose runs are executed in this process: real workers, git and database; an owner that can be made to die between any two events. */
export type House = {
  folder: string;
  repo: string;
  store: Store;
  engine: Engine;
  /** What the owners said. */
  log: string[];
  git: (...args: string[]) => Promise<string>;
  /** What the scripted workers do, by node name. */
  script: (book: unknown) => Promise<void>;
  create: (spec: Partial<RunSpec>) => Promise<string>;
  /** Executes the run until it ends, a person is needed, or the owner dies. */
  own: (runId: string, life?: Life) => Promise<'ended' | 'died'>;
  run: (runId: string) => Run;
  events: (runId: string) => RunEvent[];
  exists: (name: string) => Promise<boolean>;
  /** Lines of a file in the house; none when it is not there. */
  lines: (name: string) => Promise<string[]>;
};

export type Life = {
  /** Dies as it is about to write down these events, or as soon as it has. */
  dies?: { when: 'before' | 'after'; at: (event: RunEvent) => boolean };
  signal?: AbortSignal;
  /** Who holds the lease; default a process that does not live, so that the next owner need not wait. */
  owner?: ProcessId;
  providers?: Engine['providers'];
  repository?: Engine['repository'];
  findBinary?: Engine['findBinary'];
  /** Sees every append first. */
  onAppend?: (events: readonly RunEvent[]) => void;
};

export async function aHouse(): Promise<House> {
  const folder = await mkdtemp(join(tmpdir(), 'mo-house-'));
  const repo = join(folder, 'repo');
  const env = {
    PATH: `${join(folder, 'bin')}:${process.env['PATH'] ?? ''}`,
    HOME: folder,
    HOUSE: folder,
    MO_SCRIPT: join(folder, 'book.json'),
    GIT_CONFIG_GLOBAL: '/dev/null',
  };
  const git: House['git'] = async (...args) =>
    (await execa('git', args, { cwd: repo, env, extendEnv: false })).stdout;
  await execa('git', ['init', '-q', '-b', 'main', repo], { env, extendEnv: false });
  await git('config', 'user.name', 'Somebody');
  await git('config', 'user.email', 'somebody@example.org');
  await writeFile(join(repo, 'README.md'), 'hello\n');
  await git('add', '-A');
  await git('commit', '-qm', 'first');
  await writeFile(env.MO_SCRIPT, '{}');
  const store = await openStore(repo, { clock: systemClock });
  onTestFinished(async () => {
    store.close();
    await rm(folder, { recursive: true, force: true, maxRetries: 5 });
  });
  const log: string[] = [];
  const engine: Engine = {
    store,
    paths: store.paths,
    repository: await openRepository(repo, { env }),
    project: repo,
    providers,
    findBinary: (name) => findBinary(name, env),
    foundProfiles: async () => ({ profiles: [], left: [], problem: null }),
    pack: await loadPromptPack(),
    clock: systemClock,
    env,
    newUuid,
    log: (line) => void log.push(line),
  };
  return {
    folder,
    repo,
    store,
    engine,
    log,
    git,
    script: (book) => writeFile(env.MO_SCRIPT, JSON.stringify(book)),
    create: async (spec) => {
      const base = (await git('rev-parse', 'HEAD')).trim();
      const whole = {
        ...aRunSpec([]),
        project: repo,
        base,
        target: 'main',
        land: 'merge' as const,
      };
      return store.createRun({ spec: { ...whole, ...spec }, clientKey: null }).runId;
    },
    own: async (runId, life = {}) => {
      const mortal = mortalStore(store, life);
      try {
        await ownRun(
          {
            ...engine,
            store: mortal.store,
            providers: life.providers ?? providers,
            repository: life.repository ?? engine.repository,
            findBinary: life.findBinary ?? engine.findBinary,
          },
          runId,
          life.owner ?? nobody(),
          life.signal ?? new AbortController().signal,
        );
      } catch (cause) {
        if (!mortal.isDead()) throw cause;
      }
      return mortal.isDead() ? 'died' : 'ended';
    },
    run: (runId) => readRun(store, runId),
    events: (runId) => store.readEvents(runId, 0, 100_000).map((one) => one.event),
    exists: (name) =>
      stat(join(folder, name)).then(
        () => true,
        () => false,
      ),
    lines: async (name) =>
      (await readFile(join(folder, name), 'utf8').catch(() => ''))
        .split('\n')
        .filter((line) => line !== ''),
  };
}

let pids = 4_000_000;

/** A process that does not live: its lease is free for the next one. */
function nobody(): ProcessId {
  pids += 1;
  return { bootId: 'another boot', pid: pids, startTime: '1' };
}

/** Nothing a dead owner does reaches the store any more. */
function mortalStore(
  store: Store,
  { dies, onAppend }: Life,
): { store: Store; isDead: () => boolean } {
  let isDead = false;
  const alive = <Args extends unknown[], Result>(call: (...args: Args) => Result) => {
    return (...args: Args): Result => {
      if (isDead) throw new Error('this owner is dead');
      return call(...args);
    };
  };
  return {
    isDead: () => isDead,
    store: {
      ...store,
      saveCheckpoint: alive(store.saveCheckpoint),
      takeSignals: alive(store.takeSignals),
      beat: alive(store.beat),
      releaseLease: alive(store.releaseLease),
      leaseOf: alive(store.leaseOf),
      pendingSignals: alive(store.pendingSignals),
      append: alive((append) => {
        onAppend?.(append.events);
        const isHour = dies !== undefined && append.events.some(dies.at);
        if (isHour && dies.when === 'before') {
          isDead = true;
          throw new Error('this owner dies');
        }
        const seqs = store.append(append);
        if (isHour) {
          isDead = true;
          throw new Error('this owner dies');
        }
        return seqs;
      }),
    },
  };
}

/** A node that runs a shell command in its worktree and may change `name.txt`. Each real execution adds a line to `ran` in the house. */
export function writer(name: string, command: string, over: Partial<NodeSpec> = {}): NodeSpec {
  return aNode(name, {
    kind: 'command',
    write: true,
    scope: { allow: [`${name}.txt`], deny: [], maxDiffLines: null },
    task: `echo "${name} $MO_ATTEMPT_NO" >> ../../../../../ran; ${command}`,
    ...over,
  });
}

/** Resolves once an owner writes such an event down. */
export function hearing(at: (event: RunEvent) => boolean) {
  const heard = new AbortController();
  const happened = new Promise((resolve) => heard.signal.addEventListener('abort', resolve));
  return { happened, onAppend: (events: readonly RunEvent[]) => events.some(at) && heard.abort() };
}

/** A shell loop that ends when the file is in the house. */
export const untilFile = (file: string) =>
  `until test -e ../../../../../${file}; do sleep 0.02; done`;

/** Waits for what a process outside does; the test's own time limit ends it. */
export async function until(isSo: () => Promise<boolean>): Promise<void> {
  while (!(await isSo())) await systemClock.sleep(10);
}
