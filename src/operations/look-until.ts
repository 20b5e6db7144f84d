import type { Store } from '../store/store.ts';
import type { OperationContext } from './context.ts';

/**
 * Looks again with every pulse of the run until there is something, the time is over (null) or nobody waits any more (null). Sees to it
 * that the run has an owner all the while: one that was just ending may have missed the signal this waits for.
 */
export async function lookUntil<T>(
  context: OperationContext,
  wait: { store: Store; runId: string; waitMs: number },
  look: () => T | null,
): Promise<T | null> {
  const { store, runId, waitMs } = wait;
  const deadline = context.clock.monotonic() + waitMs;
  for (;;) {
    const found = look();
    if (found !== null) return found;
    const leftMs = deadline - context.clock.monotonic();
    if (leftMs <= 0 || context.signal.aborted) return null;
    await context.ensureOwner(runId);
    const foundThen = look();
    if (foundThen !== null) return foundThen;
    await store.waitForPulse(runId, { signal: context.signal, timeoutMs: Math.min(leftMs, 1_000) });
  }
}
