import { attemptFiles, fileSize } from './attempt-files.ts';
import type { RunningAttempt, Settled, WatchDeps, WatchSpec } from './attempt.ts';
import { createBell } from './bell.ts';
import { createCheckpoints } from './checkpoints.ts';
import { endByLadder, endStrays } from './end-attempt.ts';
import { removeTemporary, settleAttempt } from './settle-attempt.ts';
import { openStream } from './stream.ts';
import { untilGone } from './until-gone.ts';
import type { Watch, WatchedWorker } from './watch.ts';

/** Watches a worker until it and all it started are gone. Waits without using the processor. */
export function watchAttempt(
  worker: WatchedWorker,
  spec: WatchSpec,
  deps: WatchDeps,
): Pick<RunningAttempt, 'stop' | 'settled'> {
  const bell = createBell(deps.clock);
  const hurry = new AbortController();
  const watch: Watch = {
    worker,
    spec,
    deps,
    bell,
    hurry: hurry.signal,
    isStopAsked: false,
    isRefused: false,
    stopping: null,
  };
  deps.signal?.addEventListener('abort', bell.ring);
  void worker.exited?.then(bell.ring);
  return {
    stop: (how) => {
      watch.isStopAsked = true;
      if (how === 'force') hurry.abort();
      bell.ring();
    },
    settled: follow(watch).finally(() => deps.signal?.removeEventListener('abort', bell.ring)),
  };
}

async function follow(watch: Watch): Promise<Settled | 'released'> {
  try {
    return await readToTheEnd(watch);
  } catch (cause) {
    // Nobody could see what it does any more. Not so when the caller refuses to hear of it: then it has a new owner.
    if (!watch.isRefused) {
      await (watch.stopping?.tree ?? endByLadder(watch));
      await removeTemporary(watch);
    }
    throw cause;
  }
}

async function readToTheEnd(watch: Watch): Promise<Settled | 'released'> {
  const { worker, spec, deps } = watch;
  const { raw, events } = attemptFiles(spec.folder);
  const stream = await openStream({
    raw,
    events,
    provider: spec.provider,
    checkpoint: worker.checkpoint,
    redact: deps.redact,
    now: deps.clock.now,
  });
  try {
    const checkpoints = createCheckpoints(stream, watch);
    await untilGone(watch, stream, checkpoints);
    const tree = await (watch.stopping?.tree ?? endStrays(watch));
    if (deps.signal?.aborted === true) {
      checkpoints.publish();
      return 'released';
    }
    // What is there by now, and no more: a stray that cannot be killed may write for ever.
    const size = fileSize(raw);
    while (stream.bytesRead() < size && (await stream.read()) > 0);
    await stream.finish();
    const settled = await settleAttempt(watch, stream, tree);
    return { ...settled, checkpoint: checkpoints.publish() };
  } finally {
    await stream.close();
  }
}
