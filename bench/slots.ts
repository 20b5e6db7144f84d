import { stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import type { Recorded } from '../src/core/event.ts';
import { eventsOf } from '../src/engine/read-run.ts';
import { systemClock } from '../src/platform/clock.ts';
import { openStore } from '../src/store/store.ts';
import { figure, type Figure } from './figure.ts';
import { callMo, makePlace, type Place } from './real-run.ts';

const count = 1_000;
const width = 64;
const slots = 16;

/**
 * 1,000 readers on real scripted processes that give their handoff at once, through the real command line and owner. A slot is busy from
 * `attempt.started` to `attempt.ended`, which is what the run's concurrency counts; a process is alive from its start to the note of its
 * exit code.
 */
export async function measureSlots(): Promise<Figure[]> {
  const place = await makePlace();
  try {
    await writeFile(join(place.repo, 'workflow.yaml'), workflow());
    const ran = await callMo(place, [
      'workflow',
      'run',
      '--file',
      'workflow.yaml',
      '--concurrency',
      String(slots),
      '--json',
    ]);
    const { run_id: runId, state } = final.parse(JSON.parse(ran.stdout));
    if (state !== 'succeeded') throw new Error(`${ran.stdout}${ran.stderr}`);
    const store = await openStore(place.repo, { clock: systemClock });
    try {
      const events = [...eventsOf(store, runId)];
      const held = spans(events);
      const alive = await processSpans(place, runId, events);
      const wallMs =
        Math.max(...held.map(([, to]) => to)) - Math.min(...held.map(([from]) => from));
      return [
        figure(
          `slots held, ${count} no-op workers on ${slots} slots`,
          share(held, wallMs),
          { least: 90 },
          ' %',
        ),
        figure('slots with a process that is alive', share(alive, wallMs), null, ' %'),
        figure('the same run, a node', wallMs / count, null, ' ms'),
        figure('the whole command', ran.ms / 1000, null, ' s'),
      ];
    } finally {
      store.close();
    }
  } finally {
    await place.end();
  }
}

const final = z.looseObject({ run_id: z.string(), state: z.string() });

type Span = readonly [from: number, to: number];

function share(busySpans: readonly Span[], wallMs: number): number {
  const busy = busySpans.reduce((sum, [from, to]) => sum + to - from, 0);
  return (100 * busy) / (slots * wallMs);
}

function spans(events: readonly Recorded[]): Span[] {
  const started = new Map<string, number>();
  const held: Span[] = [];
  for (const { at, event } of events) {
    if (event.type === 'attempt.started') started.set(`${event.node}/${event.attempt}`, at);
    if (event.type === 'attempt.ended')
      held.push([started.get(`${event.node}/${event.attempt}`) ?? at, at]);
  }
  return held;
}

async function processSpans(
  { repo }: Place,
  runId: string,
  events: readonly Recorded[],
): Promise<Span[]> {
  const alive: Span[] = [];
  for (const { at, event } of events) {
    if (event.type !== 'attempt.spawned') continue;
    const folder = join(
      repo,
      '.agent-workspace/runs',
      runId,
      'nodes',
      event.node,
      String(event.attempt),
    );
    alive.push([at, Math.max(at, (await stat(join(folder, 'exit.json'))).mtimeMs)]);
  }
  return alive;
}

function workflow(): string {
  const nodes = Array.from({ length: count }, (_, index) => {
    const layer = Math.floor(index / width);
    const first = (layer - 1) * width;
    const needs =
      layer === 0 ? [] : [`n${first + (index % width)}`, `n${first + ((index + 1) % width)}`];
    return [`n${index}`, { task, needs }] as const;
  });
  return JSON.stringify({
    version: 1,
    name: 'slots',
    defaults: { provider: 'scripted' },
    nodes: Object.fromEntries(nodes),
  });
}

const task = [
  '```mo-script',
  JSON.stringify([
    {
      do: 'handoff',
      value: { status: 'pass', summary: 'nothing was to be done', changed_files: [], commands: [] },
    },
  ]),
  '```',
].join('\n');
