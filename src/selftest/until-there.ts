import { access } from 'node:fs/promises';
import type { CheckPlace } from './check.ts';

const lookEveryMs = 10;

/** Throws the signal's reason when it is aborted first. */
export async function untilThere(
  file: string,
  { clock, signal }: Pick<CheckPlace, 'clock' | 'signal'>,
): Promise<void> {
  while (!(await isThere(file))) {
    signal.throwIfAborted();
    await clock.sleep(lookEveryMs, signal);
  }
}

function isThere(file: string): Promise<boolean> {
  return access(file).then(
    () => true,
    () => false,
  );
}
