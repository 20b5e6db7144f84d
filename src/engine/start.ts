import { redact } from '../core/redact.ts';
import type { Action } from '../core/action.ts';
import { MoError } from '../core/problem.ts';
import { isSameWorker, repairOf, type Repair } from '../core/repair.ts';
import { stopOf } from '../core/stop.ts';
import type { NodeSpec } from '../core/node.ts';
import type { Run } from '../core/run.ts';
import type { Checkpoint, ProcessId, Provider, Route } from '../core/worker.ts';
import { endTree } from '../platform/process-tree.ts';
import { adoptAttempt } from '../supervisor/adopt-attempt.ts';
import { markerOf } from '../supervisor/marker.ts';
import { startAttempt } from '../supervisor/start-attempt.ts';
import type { RunningAttempt, WatchDeps } from '../supervisor/attempt.ts';
import { failAttempt, isOverReservation, settleAttempt, type AttemptContext } from './attempt.ts';
import { commandProvider } from './command-provider.ts';
import { contractFor, keepPromptVersion, lastOf, promptFor, repairPromptFor } from './compose.ts';
import { keepIgnored, prepareWorktree } from './node-worktree.ts';
import { keepSharedSettings } from './shared-settings.ts';
import { limitsOf, requestOf } from './worker-request.ts';
import type { Engine } from './engine.ts';
import type { Recorder } from './recorder.ts';

/** What the attempts of one owner share. `live`: by node name, for whoever has to stop one. */
export type AttemptDesk = {
  engine: Engine;
  recorder: Recorder;
  epoch: number;
  signal: AbortSignal;
  live: Map<string, Pick<RunningAttempt, 'stop'>>;
};

type Start = Extract<Action, { do: 'start' }>;

/** From the decision to the end of the worker: recorded first, then started, then watched. */
export async function performStart(desk: AttemptDesk, action: Start): Promise<void> {
  const { engine, recorder } = desk;
  const run = recorder.run();
  const node = specOf(run, action.node);
  const place = placeOf(run, action.node);
  const last = lastOf(run.nodes.get(action.node));
  const repair = repairOf(run.nodes.get(action.node));
  const { attempt, route, reserved } = action;
  recorder.record([
    {
      type: 'attempt.started',
      node: node.name,
      attempt,
      route,
      reasons: [...action.reasons],
      base: place?.base ?? null,
      reserved,
    },
  ]);
  const context: AttemptContext = {
    engine,
    recorder,
    epoch: desk.epoch,
    node,
    attempt,
    route,
    reserved,
  };
  try {
    const running = await startWorker(desk, context, {
      from: place?.from ?? null,
      last,
      repair: isSameWorker(repair?.route ?? null, route) ? repair : null,
    });
    await follow(desk, context, running);
  } catch (cause) {
    endOf(desk, context, cause);
  }
}

/** What went wrong before there was a worker, or with one that cannot be watched, ends the attempt. */
function endOf(desk: AttemptDesk, context: AttemptContext, cause: unknown): void {
  if (cause instanceof StoppedBefore)
    return failAttempt(context, { class: 'stopped', message: cause.message });
  if (!(cause instanceof MoError) || !isOfThisAttempt(cause) || desk.signal.aborted) throw cause;
  failAttempt(context, { class: 'invalid', message: cause.message });
}

/** Somebody asked for a stop while the attempt was being prepared. */
class StoppedBefore extends Error {}

/** A worker that an earlier owner started, alive or not: nothing is started twice. */
export async function performAdoption(desk: AttemptDesk, name: string): Promise<void> {
  const { engine, recorder } = desk;
  const run = recorder.run();
  const node = run.nodes.get(name);
  if (node?.state.status !== 'running') return;
  const { attempt, process, reserved } = node.state;
  const route = node.attempts.at(-1)?.route ?? null;
  const context: AttemptContext = {
    engine,
    epoch: desk.epoch,
    recorder,
    node: node.spec,
    attempt,
    route,
    reserved,
  };
  const key = { runId: run.spec.runId, node: name, attempt };
  try {
    const adopted = await adoptAttempt(
      watchOf(context, await providerOrEnd(desk, context, process)),
      process,
      engine.store.getCheckpoint(key),
      depsOf(desk, context),
    );
    heedLater(adopted);
    if (adopted.process !== null) {
      recorder.record([{ type: 'attempt.adopted', node: name, attempt, process: adopted.process }]);
      engine.log(`${name} attempt ${attempt}: adopted pid ${adopted.process.pid}`);
    }
    await follow(desk, context, adopted);
  } catch (cause) {
    endOf(desk, context, cause);
  }
}

/** When the next event cannot be written down nobody comes to hear how it ends: its end is the next owner's then. */
function heedLater({ settled }: Pick<RunningAttempt, 'settled'>): void {
  settled.catch(() => undefined);
}

/** A worker nobody can read any more (its provider is gone from this version of mo) is not left to itself. */
async function providerOrEnd(
  { engine, recorder }: AttemptDesk,
  { node, attempt, route }: AttemptContext,
  leader: ProcessId | null,
): Promise<Provider> {
  try {
    return providerOf(engine, node, route);
  } catch (cause) {
    const { runId } = recorder.run().spec;
    const folder = engine.paths.attemptFolder(runId, node.name, attempt);
    const marker = markerOf({ run: runId, node: node.name, attempt, folder });
    await endTree({ leader, marker }, { clock: engine.clock, asks: [] });
    throw cause;
  }
}

async function follow(
  desk: AttemptDesk,
  context: AttemptContext,
  running: Pick<RunningAttempt, 'stop' | 'settled'>,
): Promise<void> {
  const { name } = context.node;
  desk.live.set(name, running);
  try {
    await settleAttempt(context, running);
  } finally {
    desk.live.delete(name);
  }
}

async function startWorker(
  desk: AttemptDesk,
  context: AttemptContext,
  wish: { from: string | null; last: ReturnType<typeof lastOf>; repair: Repair | null },
): Promise<RunningAttempt> {
  const { engine, recorder } = desk;
  const { node, attempt, route } = context;
  const run = recorder.run();
  const provider = providerOf(engine, node, route);
  const command = engine.findBinary(provider.binary);
  if (command === null)
    throw new MoError({ code: 'cli-missing', provider: provider.name, binary: provider.binary });
  const watch = watchOf(context, provider);
  recorder.fence();
  const folder = await folderFor(engine, run, context, wish.from);
  const contract = node.kind === 'agent' ? contractFor(node) : null;
  const isForced = contract !== null && provider.abilities.structuredOutput;
  const prompt =
    node.kind === 'command'
      ? { text: node.task, version: null }
      : wish.repair === null
        ? await promptFor(engine, run, { node, attempt, last: wish.last, isForced })
        : await repairPromptFor(engine, run, { node, attempt, repair: wish.repair, isForced });
  await keepPromptVersion(watch.folder, prompt.version);
  const current = recorder.run().nodes.get(node.name);
  if (current !== undefined && stopOf(recorder.run(), current) !== null)
    throw new StoppedBefore('stopped before it was started');
  desk.signal.throwIfAborted();
  // Whoever has taken over counts this attempt as lost and may be working in the same worktree by now.
  recorder.fence();
  const running = await startAttempt(
    {
      ...watch,
      command,
      prompt: prompt.text,
      request: requestOf(engine, run, context, {
        folder,
        attemptFolder: watch.folder,
        schema: isForced ? contract : null,
        resume: wish.repair?.session ?? node.resume,
      }),
      env: engine.env,
    },
    depsOf(desk, context),
  );
  heedLater(running);
  try {
    recorder.record([
      { type: 'attempt.spawned', node: node.name, attempt, process: running.process },
    ]);
  } catch (cause) {
    await disown(desk, context, { running, marker: markerOf(watch) });
    throw cause;
  }
  return running;
}

/** Nobody could write down that the worker runs: the next owner finds it by its marker. One who came too early to find it is spared a stranger in its worktree. */
async function disown(
  { engine, recorder }: AttemptDesk,
  { node, attempt }: AttemptContext,
  { running, marker }: { running: RunningAttempt; marker: string },
): Promise<void> {
  const { runId } = recorder.run().spec;
  const known = engine.store
    .attempts(runId)
    .find((one) => one.node === node.name && one.attempt === attempt);
  if (known?.endedAt === null || known?.process?.pid === running.process.pid) return;
  await endTree({ leader: running.process, marker }, { clock: engine.clock, asks: [] });
  engine.log(`${node.name} attempt ${attempt}: ended pid ${running.process.pid}, which came late`);
}

/** Every worker of a repository works in a worktree, readers too: what a misbehaving one writes is seen, and is not in the user's checkout. */
async function folderFor(
  engine: Engine,
  run: Run,
  context: AttemptContext,
  from: string | null,
): Promise<string> {
  if (engine.repository === null || from === null) return engine.project;
  const { runId, settings } = run.spec;
  const { node, attempt } = context;
  const worktree = await prepareWorktree(engine, engine.repository, {
    runId,
    node: node.name,
    attempt,
    from,
    settings,
  });
  await keepSharedSettings(
    engine.paths.attemptFolder(runId, node.name, attempt),
    engine.repository,
  );
  await keepIgnored(engine.paths.attemptFolder(runId, node.name, attempt), worktree);
  return worktree.path;
}

function watchOf({ engine, recorder, node, attempt }: AttemptContext, provider: Provider) {
  const { runId } = recorder.run().spec;
  const folder = engine.paths.attemptFolder(runId, node.name, attempt);
  return { run: runId, node: node.name, attempt, provider, folder, limits: limitsOf(node) };
}

function depsOf(desk: AttemptDesk, context: AttemptContext): WatchDeps {
  const { engine, epoch, signal, live, recorder } = desk;
  const { node, attempt, reserved } = context;
  const { runId } = recorder.run().spec;
  return {
    clock: engine.clock,
    redact,
    log: engine.log,
    signal,
    onCheckpoint: (checkpoint: Checkpoint) => {
      engine.store.saveCheckpoint({ runId, node: node.name, attempt, epoch }, checkpoint);
      if (isOverReservation(checkpoint, reserved)) live.get(node.name)?.stop('ask');
    },
  };
}

function providerOf(engine: Engine, node: NodeSpec, route: Route | null): Provider {
  if (node.kind === 'command' || route === null) return commandProvider;
  const provider = engine.providers.find((one) => one.name === route.provider);
  if (provider !== undefined) return provider;
  const known = engine.providers.map((one) => one.name);
  throw new MoError({ code: 'unknown-provider', provider: route.provider, known });
}

function specOf(run: Run, name: string): NodeSpec {
  const node = run.nodes.get(name);
  if (node !== undefined) return node.spec;
  throw new MoError({
    code: 'node-not-found',
    runId: run.spec.runId,
    node: name,
    known: [...run.nodes.keys()],
  });
}

/** Where the attempt starts and what its gates compare with: what the last one left, or the head of the run's branch. */
function placeOf(run: Run, name: string): { base: string; from: string } | null {
  if (run.head === null) return null;
  const carry = run.nodes.get(name)?.carry ?? null;
  if (carry !== null) return { base: carry.base, from: carry.commit };
  return { base: run.head.commit, from: run.head.commit };
}

/** What is wrong with this attempt ends this attempt; what is wrong with the store or the disk ends the owner, which can be resumed. */
function isOfThisAttempt(cause: MoError): boolean {
  return ![
    'fenced',
    'disk-full',
    'store-corrupt',
    'store-busy',
    'store-newer',
    'workspace-unwritable',
  ].includes(cause.code);
}
