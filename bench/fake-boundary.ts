import type { RunEvent } from '../src/core/event.ts';
import type { NodeSpec } from '../src/core/node.ts';
import type { Worker } from '../src/core/routing.ts';
import { noSpend } from '../src/core/spend.ts';
import { emptySummary } from '../src/core/summary.ts';
import type { Ending, ProcessId } from '../src/core/worker.ts';
import type { Work } from '../src/engine/loop.ts';
import { systemClock } from '../src/platform/clock.ts';
import { findBinary } from '../src/platform/find-binary.ts';
import { identify } from '../src/platform/process-identity.ts';
import { providers } from '../src/providers/providers.ts';
import { ownRun, type Project } from './project.ts';

/**
 * A run whose process boundary is in this process: a worker that is started has ended well, a gate that is asked says pass. Loop, `decide`,
 * `apply`, recorder and store are the real ones. `other`: does what a bench needs beside that.
 */
export function makeFake(
  project: Project,
  nodes: NodeSpec[],
  {
    atOnce,
    maxNodes,
    other,
  }: { atOnce: number; maxNodes?: number; other?: (work: Work) => Promise<void> },
) {
  const { store } = project;
  const { runId, epoch, recorder } = ownRun(project, nodes, {
    concurrency: atOnce,
    ...(maxNodes === undefined ? {} : { maxNodes }),
  });
  const owner = identify(process.pid);
  if (owner === null) throw new Error('this process does not find itself');
  let running = 0;
  let most = 0;
  const perform = async (work: Work): Promise<void> => {
    if (work.do === 'start') {
      running += 1;
      most = Math.max(most, running);
      recorder.record([started(work)]);
      await turn();
      recorder.record([spawned(work, owner)]);
      await turn();
      store.saveCheckpoint({ runId, node: work.node, attempt: work.attempt, epoch }, silent);
      recorder.record([ended(work)]);
      running -= 1;
    } else if (work.do === 'gate') {
      await turn();
      recorder.record(passed(work.node));
    } else {
      if (other === undefined) throw new Error(`nobody asks for ${work.do} here`);
      await other(work);
    }
  };
  return {
    runId,
    mostAtOnce: () => most,
    deps: {
      recorder,
      clock: systemClock,
      signal: new AbortController().signal,
      surroundings: () => ({
        lanes: store.lanes(),
        workers: workersNow(),
        day: null,
      }),
      takeSignals: () => store.takeSignals(runId, epoch),
      withdraw: async () => undefined,
      waitOutside: (ms: number, signal: AbortSignal) =>
        store.waitForPulse(runId, { signal, timeoutMs: ms }),
      perform,
      beforeFinish: async () => undefined,
      adopted: new Map<string, Promise<void>>(),
    },
  };
}

/** As the owner does: what is installed may change while a run goes on. */
export function workersNow(): Worker[] {
  return providers.map((one) => ({
    provider: one.name,
    vendor: one.vendor,
    abilities: one.abilities,
    reason: findBinary(one.binary, process.env) === null ? 'not on the PATH' : null,
  }));
}

/** All that is recorded of a node whose first attempt went well. */
export function eventsOfNode(node: string, process: ProcessId): RunEvent[] {
  const start: Start = {
    do: 'start',
    node,
    attempt: 1,
    route: { provider: 'scripted', profile: null, model: null, effort: null, mode: 'read-only' },
    reasons: ['the only one there is'],
    reserved: { usd: null, tokens: null },
    slot: null,
  };
  return [started(start), spawned(start, process), ended(start), ...passed(node)];
}

type Start = Extract<Work, { do: 'start' }>;

function started({ node, attempt, route, reasons, reserved, slot }: Start): RunEvent {
  return {
    type: 'attempt.started',
    node,
    attempt,
    route,
    reasons: [...reasons],
    base: null,
    reserved,
    slot,
  };
}

function spawned({ node, attempt }: Start, process: ProcessId): RunEvent {
  return { type: 'attempt.spawned', node, attempt, process };
}

function ended({ node, attempt }: Start): RunEvent {
  const ending: Ending = {
    class: 'done',
    message: 'The worker answered.',
    exitCode: 0,
    signal: null,
    session: 'session',
    model: 'scripted',
    spend: noSpend,
    resetsAt: null,
  };
  return { type: 'attempt.ended', node, attempt, ending, handoff };
}

const handoff = { status: 'pass', summary: 'nothing was to be done' };

function passed(node: string): RunEvent[] {
  const verdict = {
    gate: 'handoff' as const,
    name: 'handoff',
    pass: true,
    findings: [],
    evidence: null,
    durationMs: 0,
  };
  const receipt = `.agent-workspace/receipts/${node}.json`;
  return [
    { type: 'gate.judged', node, attempt: 1, verdict },
    { type: 'node.verified', node, attempt: 1, receipt, handoff },
  ];
}

const silent = { rawOffset: 0, eventsBytes: 0, parser: null, summary: emptySummary() };

/** What really takes time gives the loop a turn; so does this. */
async function turn(): Promise<void> {
  await new Promise((resolve) => setImmediate(resolve));
}
