import type { Checkpoint } from '../core/worker.ts';
import type { Stream } from './stream.ts';
import type { Watch } from './watch.ts';

/** Hands on where the stream is: not for every line, and never later than `everyMs` after one. */
export type Checkpoints = {
  noteChange: () => void;
  publishIfDue: () => void;
  publish: () => Checkpoint;
  /** Until `publishIfDue` would do something; `Infinity` when there is nothing new. */
  dueInMs: () => number;
};

const everyMs = 250;

export function createCheckpoints(
  stream: Pick<Stream, 'checkpoint'>,
  watch: Pick<Watch, 'deps' | 'isRefused'>,
): Checkpoints {
  const { clock, onCheckpoint } = watch.deps;
  let isNew = false;
  let dueAt = 0;
  const dueInMs = (): number =>
    isNew ? Math.max(0, dueAt - clock.monotonic()) : Number.POSITIVE_INFINITY;
  const publish = (): Checkpoint => {
    const checkpoint = stream.checkpoint();
    isNew = false;
    dueAt = clock.monotonic() + everyMs;
    try {
      onCheckpoint(checkpoint);
    } catch (cause) {
      watch.isRefused = true;
      throw cause;
    }
    return checkpoint;
  };
  return {
    noteChange: () => {
      isNew = true;
    },
    publishIfDue: () => {
      if (dueInMs() === 0) publish();
    },
    publish,
    dueInMs,
  };
}
