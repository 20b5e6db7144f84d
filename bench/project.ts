import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { RunSpec } from '../src/core/event.ts';
import type { NodeSpec } from '../src/core/node.ts';
import { createRecorder, type Recorder } from '../src/engine/recorder.ts';
import { readRun } from '../src/engine/read-run.ts';
import type { OperationContext } from '../src/operations/context.ts';
import { systemClock } from '../src/platform/clock.ts';
import { identify } from '../src/platform/process-identity.ts';
import { providers } from '../src/providers/providers.ts';
import { openStore, type Store } from '../src/store/store.ts';
import { newNode, usualDefaults } from '../src/workflow/new-node.ts';

/** A folder with a real store in it, outside git; gone with `end`. */
export type Project = {
  folder: string;
  store: Store;
  context: OperationContext;
  end: () => Promise<void>;
};

export async function makeProject(): Promise<Project> {
  const folder = await mkdtemp(join(tmpdir(), 'mo-bench-'));
  const { store, context } = await openProject(folder);
  return {
    folder,
    store,
    context,
    end: async () => {
      store.close();
      await rm(folder, { recursive: true, force: true, maxRetries: 5 });
    },
  };
}

export async function openProject(folder: string): Promise<Pick<Project, 'store' | 'context'>> {
  const store = await openStore(folder, { clock: systemClock });
  return { store, context: contextOf(folder, store) };
}

/** A run of these nodes that belongs to this process. */
export function ownRun(
  { store, folder }: Pick<Project, 'store' | 'folder'>,
  nodes: NodeSpec[],
  over: Partial<RunSpec> = {},
): { runId: string; epoch: number; recorder: Recorder } {
  const { runId } = store.createRun({ spec: specOf(folder, nodes, over), clientKey: null });
  const holder = identify(process.pid);
  if (holder === null) throw new Error('this process does not find itself');
  const claim = { runId, holder, ttlMs: 3_600_000, now: systemClock.now() };
  const epoch = store.claimLease({ ...claim, isAlive: () => false });
  if (epoch === null) throw new Error('the run cannot be owned');
  const recorder = createRecorder({
    run: readRun(store, runId),
    epoch,
    store,
    now: systemClock.now,
    onRecorded: () => undefined,
  });
  return { runId, epoch, recorder };
}

/** A node that reads and answers, for the scripted worker. */
export function reader(name: string, needs: readonly string[] = []): NodeSpec {
  return newNode(
    { name, role: 'implementation', task: `do ${name}`, needs: [...needs] },
    { ...usualDefaults, provider: 'scripted' },
  );
}

function specOf(folder: string, nodes: NodeSpec[], over: Partial<RunSpec>): Omit<RunSpec, 'runId'> {
  return {
    name: 'bench',
    goal: 'bench',
    recipe: null,
    project: folder,
    base: null,
    target: null,
    land: 'none',
    nodes,
    gates: [],
    concurrency: 16,
    budget: { usd: null, tokens: null },
    confirm: 'yes',
    maxCycles: 5,
    inputs: {},
    maxInvalidations: 50,
    maxNodes: 10_000,
    reuse: 'never',
    defaults: usualDefaults,
    settings: {},
    ...over,
  };
}

function contextOf(folder: string, store: Store): OperationContext {
  return {
    surface: 'mcp',
    version: 'bench',
    folder,
    clock: systemClock,
    env: process.env,
    signal: new AbortController().signal,
    progress: () => undefined,
    project: async () => ({ root: folder, git: null }),
    settings: async () => ({ settings: {}, untrusted: null }),
    providers: async () => providers,
    store: async () => store,
    storeIfAny: async () => store,
    ensureOwner: async () => undefined,
    trust: refuse,
    verify: refuse,
  };
}

async function refuse(): Promise<never> {
  throw new Error('no benchmark asks for this');
}
