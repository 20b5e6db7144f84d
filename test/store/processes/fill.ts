import { systemClock } from '../../../src/platform/clock.ts';
import { MoError } from '../../../src/core/problem.ts';
import { openStore } from '../../../src/store/store.ts';
import { argument } from './argument.ts';

// Writes until nothing more can be written, then says what was refused how, and the last event that was taken.
const [root, runId] = [argument(0), argument(1)];
const store = await openStore(root, { clock: systemClock });
const view = store.view(runId);
let last = 0;
try {
  for (;;) {
    const by = 'x'.repeat(20_000);
    const events = [{ type: 'node.blocked', node: 'none', by }] as const;
    last = store.append({ runId, epoch: 1, at: 1, events, view, nodes: [] })[0] ?? 0;
  }
} catch (error) {
  if (!(error instanceof MoError)) throw error;
  process.stdout.write(JSON.stringify({ code: error.code, last }));
}
