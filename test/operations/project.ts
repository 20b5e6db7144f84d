import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { foldRun } from '../../src/core/apply.ts';
import type { Origin, RunEvent, RunSpec } from '../../src/core/event.ts';
import type { NodeSpec } from '../../src/core/node.ts';
import { emptySummary } from '../../src/core/summary.ts';
import type { AttemptSummary, ProcessId, Route } from '../../src/core/worker.ts';
import { createRecorder, type Recorder } from '../../src/engine/recorder.ts';
import type { OperationContext } from '../../src/operations/context.ts';
import { providers } from '../../src/providers/providers.ts';
import { systemClock } from '../../src/platform/clock.ts';
import { openStore, type Store } from '../../src/store/store.ts';
import { aRunSpec } from '../core/build.ts';
import { bareContext } from '../mcp/bare-context.ts';

export type TestProject = {
  folder: string;
  store: Store;
  context: OperationContext;
  /** Aborts the wait of whoever uses `context`. */
  cancel: () => void;
  ownersAskedFor: string[];
};

/** A folder with a real store in it. */
export async function aProject(): Promise<TestProject> {
  const folder = await mkdtemp(join(tmpdir(), 'mo-'));
  const store = await openStore(folder, { clock: systemClock });
  onTestFinished(async () => {
    store.close();
    await rm(folder, { recursive: true, force: true });
  });
  const abort = new AbortController();
  const ownersAskedFor: string[] = [];
  const context: OperationContext = {
    ...bareContext({ signal: abort.signal, progress: () => {} }),
    folder,
    project: async () => ({ root: folder, git: null }),
    settings: async () => ({ settings: {}, untrusted: null }),
    providers: async () => providers,
    store: async () => store,
    storeIfAny: async () => store,
    ensureOwner: async (runId) => void ownersAskedFor.push(runId),
  };
  return { folder, store, context, cancel: () => abort.abort(), ownersAskedFor };
}

export type TestRun = { runId: string; record: Recorder['record']; owner: Owner };

type Owner = {
  /** A worker starts on a node. */
  start: (node: string, attempt?: number, process?: ProcessId) => void;
  /** What it does is seen. */
  act: (node: string, summary: Partial<AttemptSummary>, attempt?: number) => void;
  verify: (node: string, attempt?: number) => void;
};

const aRoute: Route = {
  provider: 'codex',
  profile: null,
  model: 'gpt-5.5',
  effort: null,
  mode: 'write',
};

const deadProcess: ProcessId = { bootId: 'another', pid: 2 ** 22 + 1, startTime: '1' };

/** A run of these nodes, written down the way its owner would. */
export function aRun(
  { store, folder }: TestProject,
  nodes: NodeSpec[],
  over: Partial<RunSpec> = {},
): TestRun {
  const { runId: _named, ...spec } = aRunSpec(nodes, { goal: 'add jwt', project: folder, ...over });
  const { runId } = store.createRun({ spec, clientKey: null });
  const { record, owner } = recorderOf({ store }, runId);
  return { runId, record, owner };
}

/** The door of the run's owner, which this is from now on. */
export function recorderOf(
  { store }: Pick<TestProject, 'store'>,
  runId: string,
): { epoch: number; record: Recorder['record']; owner: Owner } {
  const claim = { runId, holder: deadProcess, ttlMs: 60_000, now: Date.now() };
  const epoch = store.claimLease({ ...claim, isAlive: () => false });
  const run = foldRun(store.readEvents(runId, 0, 10_000));
  if (run === null || epoch === null) throw new Error('the run cannot be owned');
  const recorder = createRecorder({
    run,
    epoch,
    store,
    now: systemClock.now,
    onRecorded: () => {},
  });
  const owner = ownerOf({ store, runId, epoch, recorder });
  return { epoch, record: recorder.record, owner };
}

function ownerOf(of: { store: Store; runId: string; epoch: number; recorder: Recorder }): Owner {
  const { store, runId, epoch, recorder } = of;
  return {
    start: (node, attempt = 1, process = deadProcess) =>
      recorder.record([
        {
          type: 'attempt.started',
          node,
          attempt,
          route: aRoute,
          reasons: [],
          base: null,
          reserved: { usd: null, tokens: null },
        },
        { type: 'attempt.spawned', node, attempt, process },
      ]),
    act: (node, summary, attempt = 1) =>
      store.saveCheckpoint(
        { runId, node, attempt, epoch },
        {
          rawOffset: 0,
          eventsBytes: 0,
          parser: null,
          summary: { ...emptySummary(), ...summary },
        },
      ),
    verify: (node, attempt = 1) =>
      recorder.record([
        {
          type: 'attempt.ended',
          node,
          attempt,
          ending: {
            class: 'done',
            message: 'done',
            exitCode: 0,
            signal: null,
            session: 's-1',
            model: 'gpt-5.5-2026',
            spend: { usd: 0.25, input: 1_000, cached: 0, output: 200 },
            resetsAt: null,
          },
          handoff: null,
        },
        {
          type: 'node.verified',
          node,
          attempt,
          receipt: `receipts/${node}.json`,
          handoff: null,
        },
      ]),
  };
}

/** A node of a run is answered by what another one has proved. */
export function aReuse(node: string, from: Origin): RunEvent {
  const work = { base: 'b', commit: 'b', tree: 't', files: [] };
  const receipt = `receipts/${node}.json`;
  const proof = { receipt, handoff: null, work, route: aRoute, key: 'k' };
  return { type: 'node.reused', node, attempt: 1, ...proof, from };
}
