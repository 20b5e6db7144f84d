import type { RunEvent } from '../src/core/event.ts';
import { emptySummary } from '../src/core/summary.ts';
import { nodeViewOf, viewOf } from '../src/core/view.ts';
import { poll } from '../src/operations/poll.ts';
import { figure, median, type Figure } from './figure.ts';
import { makeProject, ownRun, reader } from './project.ts';

const rows = 1_000_000;
const workers = 16;
const polls = 200;

/** `poll` in this process on a run with 1 M events in the store and 16 workers at work, each of which has said 1 M things. */
export async function measurePoll(): Promise<Figure[]> {
  const project = await makeProject();
  const { store } = project;
  try {
    const names = Array.from({ length: workers }, (_, index) => `worker-${index + 1}`);
    const { runId, epoch, recorder } = ownRun(
      project,
      names.map((name) => reader(name)),
    );
    recorder.record(names.map(startOf));
    for (const node of names) {
      const summary = {
        ...emptySummary(),
        events: rows,
        lastAction: `Bash: npm test -- --run test/${node}.test.ts`,
      };
      store.saveCheckpoint(
        { runId, node, attempt: 1, epoch },
        { rawOffset: 0, eventsBytes: 0, parser: null, summary },
      );
    }
    const run = recorder.run();
    const page = Array.from({ length: 10_000 }, () => judged('worker-1'));
    for (let done = 0; done < rows; done += page.length) {
      const at = Date.now();
      store.append({
        runId,
        epoch,
        at,
        events: page,
        view: viewOf(run, at),
        nodes: [...run.nodes.values()].slice(0, 1).map(nodeViewOf),
      });
    }
    const first = await timed(() => poll.call({ run_id: runId, wait_s: 0 }, project.context));
    const { cursor } = first;
    const again = await timed(() =>
      poll.call({ run_id: runId, since: cursor, wait_s: 0 }, project.context),
    );
    return [
      figure('poll on a run with 1 M events', first.ms, { most: 10 }, ' ms'),
      figure('poll again with its cursor', again.ms, { most: 10 }, ' ms'),
      figure('answer of poll', Math.max(first.bytes, again.bytes), { most: 2_000 }, ' bytes'),
    ];
  } finally {
    await project.end();
  }
}

async function timed(
  ask: () => ReturnType<typeof poll.call>,
): Promise<{ ms: number; bytes: number; cursor: string }> {
  const times: number[] = [];
  let bytes = 0;
  let cursor = '';
  for (let round = 0; round < polls; round += 1) {
    const from = performance.now();
    const { data } = await ask();
    times.push(performance.now() - from);
    bytes = Buffer.byteLength(JSON.stringify(data));
    cursor = String(data['cursor']);
  }
  return { ms: median(times), bytes, cursor };
}

function startOf(node: string): RunEvent {
  return {
    type: 'attempt.started',
    node,
    attempt: 1,
    route: { provider: 'scripted', profile: null, model: null, effort: null, mode: 'read-only' },
    reasons: [],
    base: null,
    reserved: { usd: null, tokens: null },
  };
}

function judged(node: string): RunEvent {
  return {
    type: 'gate.judged',
    node,
    attempt: 1,
    verdict: {
      gate: 'command',
      name: 'npm test',
      pass: true,
      findings: [],
      evidence: null,
      durationMs: 1,
    },
  };
}
