import { systemClock } from '../../../src/platform/clock.ts';
import { openStore } from '../../../src/store/store.ts';
import { emptySummary } from '../../../src/core/summary.ts';
import { aSpec, append, own, started } from '../make.ts';
import { argument } from './argument.ts';

// Five hundred writes of every kind, to a run of its own and to one it shares with the other writers.
const [root, shared, writes] = [argument(0), argument(1), Number(argument(2))];
const store = await openStore(root, { clock: systemClock });
const { runId } = store.createRun({ spec: aSpec({ goal: 'own' }), clientKey: null });
const epoch = own(store, runId);
append(store, { runId, epoch }, [started('api')]);
for (let count = 2; count < writes; count += 1) {
  const now = count;
  switch (count % 5) {
    case 0:
      store.saveCheckpoint(
        { runId, node: 'api', attempt: 1, epoch },
        { rawOffset: count, eventsBytes: 0, parser: null, summary: emptySummary() },
      );
      break;
    case 1:
      if (!store.beat({ runId, epoch, ttlMs: 1_000, now })) throw new Error('lost its lease');
      break;
    case 2:
      store.sendSignal(shared, { kind: 'stop', node: `${process.pid}-${count}`, force: false });
      break;
    default: {
      const target = count % 5 === 3 ? runId : shared;
      store.append({
        runId: target,
        epoch: 1,
        at: now,
        events: [{ type: 'node.blocked', node: 'none', by: `${process.pid}-${count}` }],
        view: store.view(target),
        nodes: [],
      });
    }
  }
}
store.close();
process.stdout.write(runId);
