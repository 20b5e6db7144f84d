import { closeSync, constants, openSync, watch, writeSync } from 'node:fs';
import { join } from 'node:path';
import type { Clock } from '../platform/clock.ts';
import { errnoOf } from '../platform/files.ts';

/** Whoever waits looks again after this long in any case: a pulse can come between a look and the wait, and watching can fail. */
const longestWaitMs = 2_000;

/** Wakes every process that waits for news of a run. Call it after the change is durable. */
export function touchPulse(runFolder: string): void {
  try {
    const { O_WRONLY, O_CREAT } = constants;
    const descriptor = openSync(pulseOf(runFolder), O_WRONLY | O_CREAT, 0o600);
    try {
      writeSync(descriptor, '.', 0);
    } finally {
      closeSync(descriptor);
    }
  } catch (cause) {
    // The change itself is in the database: on a full disk it is only seen later, after `longestWaitMs`.
    if (errnoOf(cause) === null) throw cause;
  }
}

/**
 * Resolves when something changed, when the signal is aborted, and after `timeoutMs` or two seconds, whichever comes first: so it
 * belongs into a loop that looks and waits. Costs nothing while it waits. Never rejects.
 */
export async function waitForPulse(
  runFolder: string,
  wait: { signal: AbortSignal; clock: Clock; timeoutMs: number },
): Promise<void> {
  const woken = new AbortController();
  const wake = (): void => woken.abort();
  const stopWatching = watchFor(pulseOf(runFolder), wake);
  try {
    const signal = AbortSignal.any([wait.signal, woken.signal]);
    await wait.clock.sleep(Math.min(wait.timeoutMs, longestWaitMs), signal);
  } finally {
    stopWatching();
  }
}

/** Where watching is not possible (no pulse yet, too many watches on this machine), waiting alone has to do. */
function watchFor(file: string, wake: () => void): () => void {
  try {
    const watcher = watch(file, { persistent: false }, wake);
    watcher.on('error', wake);
    return () => watcher.close();
  } catch (cause) {
    if (errnoOf(cause) === null) throw cause;
    return () => undefined;
  }
}

function pulseOf(runFolder: string): string {
  return join(runFolder, 'pulse');
}
