import { systemClock } from '../../../src/platform/clock.ts';
import { openStore } from '../../../src/store/store.ts';
import { argument } from './argument.ts';

// Opens a new store after another as it is told to, and says what it found there.
const root = argument(0);
process.stdout.write('ready\n');
for await (const line of process.stdin) {
  const store = await openStore(`${root}/${String(line).trim()}`, { clock: systemClock });
  process.stdout.write(`${store.listRuns({ limit: 1, before: null }).length}\n`);
  store.close();
}
