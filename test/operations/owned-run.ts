import { onTestFinished } from 'vitest';
import { workflowControl } from '../../src/operations/workflow-control.ts';
import type { OperationContext } from '../../src/operations/context.ts';
import type { NodeSpec } from '../../src/core/node.ts';
import { aHouse } from '../engine/house.ts';
import { bareContext } from '../mcp/bare-context.ts';

type Action = 'retry' | 'skip' | 'approve' | 'reject' | 'pause' | 'resume';
type More = { text?: string; workers?: 'finish' | 'stop' };

/** A run, and a controller of it: whoever asks for an owner gets a real one. */
export async function anOwnedRun(...nodes: NodeSpec[]) {
  const house = await aHouse();
  const runId = await house.create({ nodes });
  const owners = new Set<Promise<unknown>>();
  const abort = new AbortController();
  const context: OperationContext = {
    ...bareContext({ signal: abort.signal, progress: () => {} }),
    store: async () => house.store,
    storeIfAny: async () => house.store,
    ensureOwner: async () => {
      if (owners.size > 0) return;
      const owner = house.own(runId).finally(() => owners.delete(owner));
      owners.add(owner);
    },
  };
  onTestFinished(async () => {
    abort.abort();
    await Promise.allSettled(owners);
  });
  const control = (action: Action, node?: string, more: More = {}) =>
    workflowControl.run(
      { run_id: runId, action, node, text: '', workers: 'finish', ...more },
      context,
    );
  /** Until it is over or waits, by the owners that come up meanwhile. */
  const settled = async () => {
    await context.ensureOwner(runId);
    await Promise.all(owners);
    return house.store.view(runId).state;
  };
  return { house, runId, context, control, settled };
}
