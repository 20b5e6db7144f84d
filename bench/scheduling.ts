import { closeSync, fdatasyncSync, mkdtempSync, openSync, rmSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { RunEvent } from '../src/core/event.ts';
import type { NodeSpec } from '../src/core/node.ts';
import { noSpend } from '../src/core/spend.ts';
import { emptySummary } from '../src/core/summary.ts';
import type { Ending, ProcessId } from '../src/core/worker.ts';
import { runLoop, type Work } from '../src/engine/loop.ts';
import { systemClock } from '../src/platform/clock.ts';
import { findBinary } from '../src/platform/find-binary.ts';
import { identify } from '../src/platform/process-identity.ts';
import { providers } from '../src/providers/providers.ts';
import { figure, median, type Figure } from './figure.ts';
import { makeProject, ownRun, reader, type Project } from './project.ts';

const atOnce = 16;
const rounds = 3;

/**
 * What the engine costs beside the work: loop, `decide`, `apply`, recorder and store are the real ones, every transaction on the disk
 * before the next thing happens. The process boundary is a fake in this process: a worker that is started has ended well, a gate that
 * is asked says pass. Nothing is spawned, no git, no receipt files.
 */
export async function measureScheduling(): Promise<Figure[]> {
  const small = await medianOf(rounds, () => msPerNode(1_000));
  const large = await msPerNode(10_000);
  return [
    figure(
      `scheduling a node, 1,000 of them, fake process boundary`,
      small,
      { most: 2 },
      ' ms a node',
    ),
    figure(`the same with 10,000 nodes`, large, null, ' ms a node'),
    figure('one synced write of 4 KiB to this disk, median', syncedWriteMs(), null, ' ms'),
  ];
}

/** Two a node are what its two durable transactions cost at least. */
function syncedWriteMs(): number {
  const folder = mkdtempSync(join(tmpdir(), 'mo-bench-'));
  const file = openSync(join(folder, 'synced'), 'w');
  try {
    const times = Array.from({ length: 200 }, () => {
      const from = performance.now();
      writeSync(file, Buffer.alloc(4_096));
      fdatasyncSync(file);
      return performance.now() - from;
    });
    return median(times);
  } finally {
    closeSync(file);
    rmSync(folder, { recursive: true });
  }
}

async function msPerNode(count: number): Promise<number> {
  const project = await makeProject();
  try {
    const fake = makeFake(project, layered(count, atOnce * 2));
    const from = performance.now();
    const end = await runLoop(fake.deps);
    const ms = performance.now() - from;
    const { status } = fake.deps.recorder.run();
    if (end !== 'over' || status.status !== 'finished' || status.outcome !== 'succeeded')
      throw new Error(`the run ended as ${end}: ${JSON.stringify(status)}`);
    if (fake.mostAtOnce() !== atOnce) throw new Error(`${fake.mostAtOnce()} at once`);
    return ms / count;
  } finally {
    await project.end();
  }
}

/** Layers of `width`; every node needs two of the layer before. */
function layered(count: number, width: number): NodeSpec[] {
  return Array.from({ length: count }, (_, index) => {
    const layer = Math.floor(index / width);
    const first = (layer - 1) * width;
    const needs =
      layer === 0 ? [] : [first + (index % width), first + ((index + 1) % width)].map(nameOf);
    return reader(nameOf(index), needs);
  });
}

function nameOf(index: number): string {
  return `node-${index}`;
}

function makeFake(project: Project, nodes: NodeSpec[]) {
  const { store } = project;
  const { runId, epoch, recorder } = ownRun(project, nodes, { concurrency: atOnce });
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
      throw new Error(`nobody asks for ${work.do} here`);
    }
  };
  return {
    mostAtOnce: () => most,
    deps: {
      recorder,
      clock: systemClock,
      signal: new AbortController().signal,
      surroundings: () => ({
        lanes: store.lanes(),
        // As the owner does: what is installed may change while a run goes on.
        workers: providers.map((one) => ({
          provider: one.name,
          vendor: one.vendor,
          abilities: one.abilities,
          reason: findBinary(one.binary, process.env) === null ? 'not on the PATH' : null,
        })),
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

type Start = Extract<Work, { do: 'start' }>;

function started({ node, attempt, route, reasons, reserved }: Start): RunEvent {
  return {
    type: 'attempt.started',
    node,
    attempt,
    route,
    reasons: [...reasons],
    base: null,
    reserved,
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

async function medianOf(times: number, measure: () => Promise<number>): Promise<number> {
  const values: number[] = [];
  for (let time = 0; time < times; time += 1) values.push(await measure());
  return median(values);
}
