import { systemClock } from '../../../src/platform/clock.ts';
import { openStore } from '../../../src/store/store.ts';
import { argument } from './argument.ts';

// Opens the store, says so, and claims once it is told to.
const [root, runId] = [argument(0), argument(1)];
const store = await openStore(root, { clock: systemClock });
process.stdout.write('ready\n');
process.stdin.once('data', () => {
  const epoch = store.claimLease({
    runId,
    holder: { bootId: 'boot', pid: process.pid, startTime: '1' },
    ttlMs: 60_000,
    now: systemClock.now(),
    isAlive: () => true,
  });
  process.stdout.write(`${epoch}\n`);
  process.stdin.destroy();
  store.close();
});
