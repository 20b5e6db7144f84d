import type { Action } from '../core/action.ts';
import type { RunEvent } from '../core/event.ts';
import type { FoundProfile } from '../core/found-profile.ts';
import { MoError } from '../core/problem.ts';
import { redact, redactorOf } from '../core/redact.ts';
import { goingOnOf, isSameWorker, type GoingOn } from '../core/going-on.ts';
import { stopOf } from '../core/stop.ts';
import type { NodeSpec } from '../core/node.ts';
import type { Run, RunNode } from '../core/run.ts';
import { endTree } from '../platform/process-tree.ts';
import { markerOf } from '../supervisor/marker.ts';
import { startAttempt } from '../supervisor/start-attempt.ts';
import type { RunningAttempt } from '../supervisor/attempt.ts';
import type { AttemptContext } from './attempt.ts';
import { askedOf, lookBefore } from './asked-before.ts';
import { contractFor, goingOnPromptFor, keepPromptVersion, lastOf, promptFor } from './compose.ts';
import { ceilingOf } from './day.ts';
import { keepIgnored, prepareWorktree } from './node-worktree.ts';
import { keepSharedSettings } from './shared-settings.ts';
import { placeOf } from './start-place.ts';
import { foundProfile } from './found-profile.ts';
import { secretsOfRun } from './profile-secrets.ts';
import { requestOf } from './worker-request.ts';
import {
  depsOf,
  endOf,
  follow,
  heedLater,
  providerOf,
  StoppedBefore,
  watchOf,
  type AttemptDesk,
} from './watch-worker.ts';
import { worktreePath } from './worktree-path.ts';
import type { Engine } from './engine.ts';

type Start = Extract<Action, { do: 'start' }>;

/** From the decision to the end of the worker: recorded first, then started, then watched. What another run has proved is taken over instead. */
export async function performStart(desk: AttemptDesk, action: Start): Promise<void> {
  const asked = askedOf(desk, action);
  const before = asked === null ? { key: null } : lookBefore(desk, asked);
  await ('first' in before ? before.first : performWork(desk, action, before.key));
}

async function performWork(desk: AttemptDesk, action: Start, key: string | null): Promise<void> {
  const { engine, recorder } = desk;
  const run = recorder.run();
  const node = specOf(run, action.node);
  const place = placeOf(run, action.node);
  const last = lastOf(run.nodes.get(action.node));
  const before = goingOnOf(run.nodes.get(action.node));
  const { attempt, route, reserved } = action;
  const base = place?.base ?? null;
  if (!recordStart(desk, { ...action, key, reasons: [...action.reasons], base })) {
    await engine.clock.sleep(breathMs, desk.signal);
    return;
  }
  const bare: AttemptContext = {
    engine,
    recorder,
    epoch: desk.epoch,
    node,
    attempt,
    route,
    reserved,
    redact,
  };
  const cut = new AbortController();
  const signal = AbortSignal.any([desk.signal, cut.signal]);
  desk.live.set(node.name, { stop: () => cut.abort(stoppedBefore()) });
  try {
    const found = await foundProfile(engine, run, route);
    const context = { ...bare, redact: redactorOf(await secretsOfRun(engine, run)) };
    const running = await startWorker(desk, context, {
      found,
      from: place?.from ?? null,
      last,
      before: isSameWorker(before?.route ?? null, route) ? before : null,
      signal,
    });
    await follow(desk, context, running);
  } catch (cause) {
    endOf(desk, bare, cause);
  } finally {
    desk.live.delete(node.name);
  }
}

/** Before a start that another run was quicker than is decided on again. */
const breathMs = 200;

/** False when another run has taken what was left of the day since this was decided; it is decided anew then. */
function recordStart(
  { engine, recorder }: AttemptDesk,
  start: Omit<Extract<RunEvent, { type: 'attempt.started' }>, 'type'>,
): boolean {
  const { node, attempt, route, reasons, base, reserved, slot } = start;
  const keyed = start.key === null ? {} : { key: start.key };
  const ceiling = reserved.usd === null ? null : ceilingOf(engine, recorder.run());
  try {
    recorder.record(
      [{ type: 'attempt.started', node, attempt, route, reasons, base, reserved, slot, ...keyed }],
      ceiling === null ? {} : { ceiling },
    );
    return true;
  } catch (cause) {
    if (!(cause instanceof MoError) || cause.code !== 'day-spent') throw cause;
    engine.log(`${node} attempt ${attempt} waits: ${cause.message}`);
    return false;
  }
}

async function startWorker(
  desk: AttemptDesk,
  context: AttemptContext,
  wish: {
    from: string | null;
    last: ReturnType<typeof lastOf>;
    before: GoingOn | null;
    signal: AbortSignal;
    found: FoundProfile | null;
  },
): Promise<RunningAttempt> {
  const { engine, recorder } = desk;
  const { node, attempt, route } = context;
  const run = recorder.run();
  const provider = providerOf(engine, node, route);
  const command = engine.findBinary(provider.binary);
  if (command === null) {
    const { name, binary, install } = provider;
    throw new MoError({ code: 'cli-missing', provider: name, binary, install });
  }
  const watch = watchOf(context, provider);
  recorder.fence();
  const folder = await folderFor(engine, run, context, wish);
  const contract = node.kind === 'agent' ? contractFor(node) : null;
  const isForced = contract !== null && provider.abilities.structuredOutput;
  const prompt =
    node.kind === 'command'
      ? { text: node.task, version: null }
      : wish.before === null
        ? await promptFor(engine, run, { node, attempt, last: wish.last, isForced })
        : await goingOnPromptFor(engine, run, { node, attempt, before: wish.before, isForced });
  await keepPromptVersion(watch.folder, prompt.version);
  const current = recorder.run().nodes.get(node.name);
  if (current !== undefined && stopOf(recorder.run(), current) !== null) throw stoppedBefore();
  wish.signal.throwIfAborted();
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
        resume: wish.before?.session ?? node.resume,
        found: wish.found,
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

function stoppedBefore(): StoppedBefore {
  return new StoppedBefore('stopped before it was started');
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
  { from, signal }: { from: string | null; signal: AbortSignal },
): Promise<string> {
  if (engine.repository === null || from === null) return engine.project;
  const { runId, settings } = run.spec;
  const { node, attempt } = context;
  const prepared = await prepareWorktree(engine, engine.repository, {
    runId,
    path: pathOf(engine, run, node.name),
    node: node.name,
    attempt,
    from,
    settings,
    signal,
  });
  const attemptFolder = engine.paths.attemptFolder(runId, node.name, attempt);
  await Promise.all([
    keepSharedSettings(attemptFolder, engine.repository),
    keepIgnored(attemptFolder, prepared),
  ]);
  return prepared.worktree.path;
}

function specOf(run: Run, name: string): NodeSpec {
  return nodeOf(run, name).spec;
}

function pathOf(engine: Engine, run: Run, name: string): string {
  return worktreePath(engine, run, nodeOf(run, name));
}

function nodeOf(run: Run, name: string): RunNode {
  const node = run.nodes.get(name);
  if (node !== undefined) return node;
  throw new MoError({
    code: 'node-not-found',
    runId: run.spec.runId,
    node: name,
    known: [...run.nodes.keys()],
  });
}
