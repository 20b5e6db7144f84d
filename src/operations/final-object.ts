import { access } from 'node:fs/promises';
import type { Origin } from '../core/event.ts';
import type { Json } from '../core/json.ts';
import type { Progress } from '../core/progress.ts';
import type { Spend } from '../core/spend.ts';
import type { Route } from '../core/worker.ts';
import type { OperationContext } from './context.ts';
import { resultOfRun } from './run-result.ts';
import { findRun } from './find-run.ts';
import { shownState } from '../core/shown-map.ts';
import { isOver, type RunState, type RunView } from '../core/view.ts';
import { isAlive } from '../platform/process-identity.ts';
import type { Store } from '../store/store.ts';

/** What `mo do --json` ends with. */
export type FinalObject = {
  run_id: string;
  state: RunState;
  branch: string | null;
  target: string | null;
  landed: RunView['landed'];
  cycles: number;
  progress: readonly Progress[];
  nodes: {
    name: string;
    state: string;
    attempts: number;
    reused_from: Origin | null;
    route: { declared: Route | null; actual: { model: string | null } | null };
    spend: Spend;
  }[];
  spend: Spend;
  /** What a run that changes nothing has found, by its last nodes; null for any other. */
  handoffs: Record<string, Json> | null;
  /** Absolute path; null while there is none. */
  report: string | null;
};

const waitMs = 10_000;

export async function finalObject(context: OperationContext, run: string): Promise<FinalObject> {
  const { store, runId } = await findRun(context, run);
  const view = store.view(runId);
  const found = await resultOfRun(store, runId);
  return {
    run_id: runId,
    state: view.state,
    branch: view.branch,
    target: view.target,
    landed: view.landed,
    cycles: view.cycles,
    progress: view.progress,
    nodes: store.nodes(runId, 20_000).map((node) => ({
      name: node.name,
      state: shownState(view.maps, node),
      attempts: node.reused === null ? node.attempt : node.attempt - 1,
      reused_from: node.reused,
      route: {
        declared: node.route,
        actual: node.model === null ? null : { model: node.model },
      },
      spend: node.spend,
    })),
    spend: view.spend,
    handoffs: found === null ? null : Object.fromEntries(found),
    report: isOver(view.state) ? await finishedReport(context, store, runId) : null,
  };
}

/** An owner writes the report after it has recorded the end; while it lives, the report may still come. */
async function finishedReport(
  context: OperationContext,
  store: Store,
  runId: string,
): Promise<string | null> {
  const path = store.paths.report(runId);
  const deadline = context.clock.monotonic() + waitMs;
  for (;;) {
    // Asked before looking: an owner that ends in between has written it by then.
    const { holder } = store.leaseOf(runId);
    const mayCome = holder !== null && isAlive(holder) && context.clock.monotonic() < deadline;
    if (await isThere(path)) return path;
    if (!mayCome || context.signal.aborted) return null;
    await store.waitForPulse(runId, { signal: context.signal, timeoutMs: 100 });
  }
}

async function isThere(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}
