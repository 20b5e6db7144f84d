import { setInterval } from 'node:timers';
import { redact } from '../src/core/redact.ts';
import { systemClock } from '../src/platform/clock.ts';
import { findBinary } from '../src/platform/find-binary.ts';
import { newUuid } from '../src/platform/ids.ts';
import { scripted } from '../src/providers/scripted/index.ts';
import { startAttempt } from '../src/supervisor/start-attempt.ts';
import type { Settled } from '../src/supervisor/attempt.ts';
import { figure, type Figure } from './figure.ts';
import { makeProject, ownRun, reader, type Project } from './project.ts';

const events = 1_000_000;

/**
 * A real worker that prints as fast as it can, and the supervisor on it: read, parsed, redacted, written to events.ndjson, folded, with
 * checkpoints into a real store. Both share the machine, so the worker's own work is in the time as well.
 */
export async function measureIntake(): Promise<Figure[]> {
  const project = await makeProject();
  try {
    // The first flood makes the code hot and the heap as large as it gets with any other worker.
    await flood(project, 50_000);
    globalThis.gc?.();
    const rss = watchRss();
    const from = performance.now();
    const settled = await flood(project, events);
    const seconds = (performance.now() - from) / 1000;
    const grown = rss.end();
    const seen = settled.checkpoint.summary.events;
    if (seen < events) throw new Error(`only ${seen} of ${events} events arrived`);
    return [
      figure('events taken in from a flooding worker', seen / seconds, { least: 50_000 }, ' /s'),
      figure('RSS growth over 1 M events', grown, { most: 50 }, ' MB'),
    ];
  } finally {
    await project.end();
  }
}

async function flood({ store, folder }: Project, count: number): Promise<Settled> {
  const node = 'flooder';
  const { runId, epoch, recorder } = ownRun({ store, folder }, [reader(node)]);
  recorder.record([
    {
      type: 'attempt.started',
      node,
      attempt: 1,
      route: null,
      reasons: [],
      base: null,
      reserved: { usd: null, tokens: null },
    },
  ]);
  const command = findBinary(scripted.binary, process.env);
  if (command === null) throw new Error('build first: npm run build');
  const attemptFolder = store.paths.attemptFolder(runId, node, 1);
  const running = await startAttempt(
    {
      run: runId,
      node,
      attempt: 1,
      provider: scripted,
      folder: attemptFolder,
      limits: {
        startupMs: 60_000,
        idleMs: 60_000,
        totalMs: 600_000,
        maxOutputBytes: null,
        softOutputBytes: null,
        graceMs: { interrupt: 1_000, terminate: 1_000 },
      },
      command,
      prompt: `\`\`\`mo-script\n${JSON.stringify([{ do: 'flood', events: count }])}\n\`\`\`\n`,
      request: {
        folder,
        mode: 'read-only',
        model: null,
        effort: null,
        resume: null,
        newSession: newUuid(),
        outputSchema: null,
        attemptFolder,
        profileEnv: {},
        maxUsd: null,
      },
      env: process.env,
    },
    {
      clock: systemClock,
      redact,
      log: console.error,
      onCheckpoint: (checkpoint) =>
        store.saveCheckpoint({ runId, node, attempt: 1, epoch }, checkpoint),
    },
  );
  const settled = await running.settled;
  if (settled === 'released') throw new Error('nobody let go of it');
  return settled;
}

/** The most this process held at any look, above what it held at the first, in MB. */
function watchRss(): { end: () => number } {
  const before = process.memoryUsage.rss();
  let most = before;
  const look = (): void => {
    most = Math.max(most, process.memoryUsage.rss());
  };
  const timer = setInterval(look, 20);
  return {
    end: () => {
      look();
      clearInterval(timer);
      return (most - before) / 1e6;
    },
  };
}
