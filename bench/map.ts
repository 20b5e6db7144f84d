import { stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { execa } from 'execa';
import { z } from 'zod';
import type { NodeSpec } from '../src/core/node.ts';
import type { Engine } from '../src/engine/engine.ts';
import { runLoop } from '../src/engine/loop.ts';
import { loadPromptPack } from '../src/workflow/prompts.ts';
import { performUnfold } from '../src/engine/unfold.ts';
import { readSource } from '../src/operations/workflow-source.ts';
import { systemClock } from '../src/platform/clock.ts';
import { newUuid } from '../src/platform/ids.ts';
import { makeFake } from './fake-boundary.ts';
import { figure, type Figure } from './figure.ts';
import { makeProject, type Project } from './project.ts';
import { callMo, commitAll, makePlace } from './real-run.ts';

const items = 10_000;
const realItems = 1_000;
const atOnce = 16;

/** A map of as many items as there may be, on the fake boundary of `scheduling`; and a smaller one on real commands. */
export async function measureMap(): Promise<Figure[]> {
  return [...(await measureLargest()), ...(await measureReal())];
}

async function measureLargest(): Promise<Figure[]> {
  const project = await makeProject();
  try {
    await writeFile(join(project.folder, 'items.txt'), linesOf(items));
    const engine = await engineOf(project);
    let done = 0;
    const early: Weight[] = [];
    const seen: Promise<Seen>[] = [];
    const fake = makeFake(project, await mapNodes(project), {
      atOnce,
      maxNodes: items + 1,
      other: async (work) => {
        if (work.do !== 'unfold') throw new Error(`nobody asks for ${work.do} here`);
        await performUnfold(engine, fake.deps.recorder, work.node);
      },
    });
    const perform = fake.deps.perform;
    const from = performance.now();
    const end = await runLoop({
      ...fake.deps,
      perform: async (work) => {
        await perform(work);
        if (work.do !== 'gate') return;
        done += 1;
        if (done === 1_000) early.push(weigh());
        if (done === items / 2) seen.push(look(project, fake.runId));
      },
    });
    const ms = performance.now() - from;
    const late = weigh();
    const { status } = fake.deps.recorder.run();
    if (end !== 'over' || status.status !== 'finished' || status.outcome !== 'succeeded')
      throw new Error(`the run ended as ${end}: ${JSON.stringify(status)}`);
    return [
      figure('an item of a map of 10,000, fake process boundary', ms / items, null, ' ms'),
      ...early.flatMap((weight) => growth(weight, late)),
      figure('store, an item', (await bytesOf(project)) / items, null, ' bytes'),
      ...(await Promise.all(seen)).flatMap(views),
    ];
  } finally {
    await project.end();
  }
}

type Weight = { rssMb: number; heapMb: number };

/** What the owner weighs after a collection. */
function weigh(): Weight {
  globalThis.gc?.();
  globalThis.gc?.();
  const { rss, heapUsed } = process.memoryUsage();
  return { rssMb: rss / 1e6, heapMb: heapUsed / 1e6 };
}

function growth(early: Weight, late: Weight): Figure[] {
  const most = { most: 50 };
  return [
    figure('heap growth from item 1,000 to the last', late.heapMb - early.heapMb, null, ' MB'),
    figure('RSS growth from item 1,000 to the last', late.rssMb - early.rssMb, most, ' MB'),
  ];
}

const controller = join(import.meta.dirname, 'controller.ts');
const answer = z.object({ pollMs: z.number(), pictureMs: z.number(), bytes: z.number() });
type Seen = z.infer<typeof answer>;

/** What a controller sees from its own process while the owner goes on. */
async function look({ folder }: Project, runId: string): Promise<Seen> {
  const args = ['--import', 'tsx', controller, folder, runId];
  const { stdout } = await execa(process.execPath, args);
  return answer.parse(JSON.parse(stdout));
}

function views(seen: Seen): Figure[] {
  return [
    figure('poll in the middle of 10,000 items', seen.pollMs, { most: 10 }, ' ms'),
    figure('its answer', seen.bytes, { most: 2_000 }, ' bytes'),
    figure('a picture for the live view', seen.pictureMs, null, ' ms'),
  ];
}

async function bytesOf({ store }: Project): Promise<number> {
  const files = [store.paths.database, `${store.paths.database}-wal`];
  const sizes = await Promise.all(files.map(async (file) => (await stat(file)).size));
  return sizes.reduce((sum, size) => sum + size, 0);
}

async function engineOf({ store, folder }: Project): Promise<Engine> {
  return {
    store,
    paths: store.paths,
    repository: null,
    project: folder,
    providers: [],
    foundProfiles: async () => ({ profiles: [], left: [], problem: null }),
    findBinary: () => null,
    pack: await loadPromptPack(),
    clock: systemClock,
    env: process.env,
    newUuid,
    log: () => undefined,
  };
}

function linesOf(count: number): string {
  return Array.from({ length: count }, (_, index) => `item ${index}\n`).join('');
}

const workflow = JSON.stringify({
  version: 1,
  name: 'map',
  nodes: {
    items: { kind: 'map', over: 'lines("items.txt")', node: { kind: 'command', run: 'true' } },
  },
});

async function mapNodes({ context }: Project): Promise<NodeSpec[]> {
  const read = await readSource({ workflow }, context);
  if (!read.ok) throw new Error(JSON.stringify(read.errors));
  return read.workflow.nodes;
}

/** Real shells that do nothing, through the command line and its owner, in a repository. */
async function measureReal(): Promise<Figure[]> {
  const place = await makePlace();
  try {
    await writeFile(join(place.repo, 'items.txt'), linesOf(realItems));
    commitAll(place);
    await writeFile(join(place.repo, 'workflow.yaml'), workflow);
    const args = ['workflow', 'run', '--file', 'workflow.yaml', '--json'];
    const ran = await callMo(place, [...args, '--concurrency', String(atOnce)]);
    const { state } = z.looseObject({ state: z.string() }).parse(JSON.parse(ran.stdout));
    if (state !== 'succeeded') throw new Error(`${ran.stdout}${ran.stderr}`);
    return [
      figure('an item of 1,000 real commands, the whole command', ran.ms / realItems, null, ' ms'),
    ];
  } finally {
    await place.end();
  }
}
