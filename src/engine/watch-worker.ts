import { MoError } from '../core/problem.ts';
import { sessionOf } from '../core/going-on.ts';
import type { NodeSpec } from '../core/node.ts';
import type { Checkpoint, Provider, Route, WorkerEvent } from '../core/worker.ts';
import type { RunningAttempt, WatchDeps } from '../supervisor/attempt.ts';
import {
  failAttempt,
  isOverReservation,
  redactJson,
  settleAttempt,
  type AttemptContext,
} from './attempt.ts';
import { commandProvider } from './command-provider.ts';
import { endsOwner } from './ends-owner.ts';
import { limitsOf } from './worker-request.ts';
import type { Engine } from './engine.ts';
import type { Reuse } from './reuse.ts';
import type { Recorder } from './recorder.ts';

/** What the attempts of one owner share. `live`: by node name, for whoever has to stop one. */
export type AttemptDesk = {
  engine: Engine;
  recorder: Recorder;
  epoch: number;
  signal: AbortSignal;
  live: Map<string, Pick<RunningAttempt, 'stop'>>;
  reuse: Reuse;
};

/** From a worker that runs to the record of its end. */
export async function follow(
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

/** When the next event cannot be written down nobody comes to hear how it ends: its end is the next owner's then. */
export function heedLater({ settled }: Pick<RunningAttempt, 'settled'>): void {
  settled.catch(() => undefined);
}

/** What went wrong before there was a worker, or with one that cannot be watched, ends the attempt. */
export function endOf(desk: AttemptDesk, context: AttemptContext, cause: unknown): void {
  if (cause instanceof StoppedBefore)
    return failAttempt(context, { class: 'stopped', message: cause.message });
  if (!(cause instanceof MoError) || endsOwner(cause) || desk.signal.aborted) throw cause;
  failAttempt(context, { class: 'invalid', message: cause.message });
}

/** Somebody asked for a stop while the attempt was being prepared. */
export class StoppedBefore extends Error {}

export function watchOf({ engine, recorder, node, attempt }: AttemptContext, provider: Provider) {
  const { spec, nodes } = recorder.run();
  const { runId } = spec;
  const folder = engine.paths.attemptFolder(runId, node.name, attempt);
  const known = nodes.get(node.name);
  const session = known === undefined ? null : sessionOf(known);
  return {
    run: runId,
    node: node.name,
    attempt,
    provider: quiet(node, countingItsOwn(engine, provider, session)),
    folder,
    limits: limitsOf(node),
  };
}

/** What a session had cost before this attempt is charged already. */
function countingItsOwn(engine: Engine, provider: Provider, session: string | null): Provider {
  if (session === null || provider.resumedMemory === undefined) return provider;
  const before = provider.resumedMemory(engine.store.spentInSession(session));
  return { ...provider, parser: (memory) => provider.parser(memory ?? before) };
}

/** Of a worker whose answer alone is wanted, what it says on the way is not kept; what it does is. */
function quiet({ finalOnly }: NodeSpec, provider: Provider): Provider {
  if (!finalOnly) return provider;
  return {
    ...provider,
    parser: (memory) => {
      const parser = provider.parser(memory);
      return { ...parser, push: (text) => parser.push(text).filter(isDeed) };
    },
  };
}

function isDeed({ type }: WorkerEvent): boolean {
  return type !== 'text' && type !== 'thinking';
}

export function depsOf(desk: AttemptDesk, context: AttemptContext): WatchDeps {
  const { engine, epoch, signal, live, recorder } = desk;
  const { node, attempt, reserved, redact } = context;
  const { runId } = recorder.run().spec;
  return {
    clock: engine.clock,
    redact,
    log: engine.log,
    signal,
    onCheckpoint: (checkpoint: Checkpoint) => {
      // What a database forgets stays in its file for a while.
      const parser = redactJson(checkpoint.parser, redact);
      engine.store.saveCheckpoint(
        { runId, node: node.name, attempt, epoch },
        { ...checkpoint, parser },
      );
      if (isOverReservation(checkpoint, reserved)) live.get(node.name)?.stop('ask');
    },
  };
}

export function providerOf(engine: Engine, node: NodeSpec, route: Route | null): Provider {
  if (node.kind === 'command' || route === null) return commandProvider;
  const provider = engine.providers.find((one) => one.name === route.provider);
  if (provider !== undefined) return provider;
  const known = engine.providers.map((one) => one.name);
  throw new MoError({ code: 'unknown-provider', provider: route.provider, known });
}
