import { closeSync, fdatasyncSync, mkdtempSync, openSync, rmSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { NodeSpec } from '../src/core/node.ts';
import { runLoop } from '../src/engine/loop.ts';
import { makeFake } from './fake-boundary.ts';
import { figure, median, type Figure } from './figure.ts';
import { makeProject, reader } from './project.ts';

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
    const fake = makeFake(project, layered(count, atOnce * 2), { atOnce });
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

async function medianOf(times: number, measure: () => Promise<number>): Promise<number> {
  const values: number[] = [];
  for (let time = 0; time < times; time += 1) values.push(await measure());
  return median(values);
}
