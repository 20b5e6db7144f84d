import type { z } from 'zod';
import { isAlive } from '../platform/process-identity.ts';
import type { Store } from '../store/store.ts';
import type { OperationContext } from './context.ts';
import { checkNode, findRun } from './find-run.ts';
import { isOver } from '../core/view.ts';
import { lookUntil } from './look-until.ts';
import type { stopOutput } from './stop.ts';

type StopResult = z.output<typeof stopOutput>;

/** How long one call waits for the processes to go; the stop goes on without it. */
const waitMs = 45_000;

export async function stopRun(
  input: { run_id: string; node?: string | undefined; force: boolean },
  context: OperationContext,
): Promise<StopResult> {
  const { store, runId } = await findRun(context, input.run_id);
  const node = input.node ?? null;
  if (node !== null) checkNode(store, runId, node);
  const before = endedAttempts(store, runId);
  // Asked again each time: a node at its start has no process yet when the stop is sent.
  const workers = () => workersOf(store, runId, node).filter((one) => !before.has(keyOf(one)));
  if (!isStopped(store, runId, node)) {
    store.sendSignal(runId, { kind: 'stop', node, force: input.force });
    await lookUntil(context, { store, runId, waitMs }, () => {
      if (!isStopped(store, runId, node)) return null;
      return workers().every(({ process }) => !isAlive(process)) || null;
    });
  }
  const done = isStopped(store, runId, node);
  return {
    run_id: runId,
    state: store.view(runId).state,
    done,
    // Each is looked for again now: what the owner wrote is not the proof, the process table is.
    processes: workers().map(({ node: name, attempt, process }) => ({
      node: name,
      attempt,
      pid: process.pid,
      gone: !isAlive(process),
    })),
    ...(done
      ? {}
      : {
          next: `poll {run_id: "${runId}"}, or again with force: stop {run_id: "${runId}", force: true}`,
        }),
  };
}

/** Attempts that the stop finds ended have nothing to do with it. */
function endedAttempts(store: Store, runId: string): ReadonlySet<string> {
  return new Set(
    store
      .attempts(runId)
      .filter(({ endedAt }) => endedAt !== null)
      .map(keyOf),
  );
}

function keyOf({ node, attempt }: { node: string; attempt: number }): string {
  return `${node}/${attempt}`;
}

function workersOf(store: Store, runId: string, node: string | null) {
  return store.attempts(runId).flatMap(({ node: name, attempt, process }) => {
    const concerns = node === null || node === name;
    return concerns && process !== null ? [{ node: name, attempt, process }] : [];
  });
}

function isStopped(store: Store, runId: string, node: string | null): boolean {
  if (isOver(store.view(runId).state)) return true;
  if (node === null) return false;
  const state = store.node(runId, node)?.state;
  return state !== 'running' && state !== 'gating' && state !== 'waiting';
}
