import { endTree, type TreeEnd } from '../platform/process-tree.ts';
import type { EndedBy } from './attempt.ts';
import { markerOf } from './marker.ts';
import type { Stopping, Watch } from './watch.ts';

const strayGraceMs = 500;

/** Begins to end the worker: first by asking, unless it was told to hurry. */
export function beginStopping(watch: Watch, by: EndedBy): Stopping {
  let over = false;
  const tree = endByLadder(watch).finally(() => {
    over = true;
    watch.bell.ring();
  });
  return { by, tree, isOver: () => over };
}

/** Interrupt, terminate, kill: the CLIs say more about their end the softer they are asked. */
export async function endByLadder(watch: Watch): Promise<TreeEnd> {
  const { graceMs } = watch.spec.limits;
  return end(watch, [
    { signal: 'SIGINT', waitMs: graceMs.interrupt },
    { signal: 'SIGTERM', waitMs: graceMs.terminate },
  ]);
}

/** What outlives its worker: servers and tests it put into the background. */
export async function endStrays(watch: Watch): Promise<TreeEnd> {
  const { terminate } = watch.spec.limits.graceMs;
  return end(watch, [{ signal: 'SIGTERM', waitMs: Math.min(terminate, strayGraceMs) }]);
}

async function end(
  { worker, spec, deps, hurry }: Watch,
  asks: readonly { signal: NodeJS.Signals; waitMs: number }[],
): Promise<TreeEnd> {
  return endTree(
    { leader: worker.leader, marker: markerOf(spec) },
    {
      clock: deps.clock,
      asks,
      hurry,
      ...(deps.signal === undefined ? {} : { signal: deps.signal }),
    },
  );
}
