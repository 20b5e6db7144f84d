import { systemClock } from '../../../src/platform/clock.ts';
import { openStore } from '../../../src/store/store.ts';
import { argument } from './argument.ts';

// Says the number of each event once it is written.
const [root, runId] = [argument(0), argument(1)];
const store = await openStore(root, { clock: systemClock });
const view = store.view(runId);
const write = (): void => {
  const events = [{ type: 'node.blocked', node: 'none', by: 'x'.repeat(2_000) }] as const;
  const [seq] = store.append({ runId, epoch: 1, at: 1, events, view, nodes: [] });
  process.stdout.write(`${seq}\n`, write);
};
write();
