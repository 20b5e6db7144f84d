import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach } from 'vitest';
import { systemClock, type Clock } from '../../src/platform/clock.ts';
import { openStore, type Store } from '../../src/store/store.ts';

const cleanups: (() => Promise<void> | void)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).toReversed()) await cleanup();
});

/** An empty project folder that goes with the test. */
export async function aProject(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'mo-'));
  cleanups.push(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

export async function aStore(root: string, clock: Clock = systemClock): Promise<Store> {
  const store = await openStore(root, { clock });
  cleanups.push(store.close);
  return store;
}
