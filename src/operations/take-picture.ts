import { shownCounts, shownState } from '../core/shown-map.ts';
import { wantsOwner } from '../core/view.ts';
import type { OperationContext } from './context.ts';
import { findRun } from './find-run.ts';
import { mapCountOf } from './map-text.ts';
import { landedText } from './landed-text.ts';
import { sourceChanged } from './source-changed.ts';
import { routeText, type Picture } from './picture.ts';

/** One moment of a run, read from the store; a few rows however long it has run. */
export async function takePicture(context: OperationContext, run: string): Promise<Picture> {
  const { store, runId } = await findRun(context, run);
  const row = store.run(runId);
  const { view } = row;
  const live = new Map(store.liveSummaries(runId, 64).map((one) => [one.node, one.summary]));
  return {
    runId,
    goal: row.goal,
    state: view.state,
    reason: view.reason,
    startedAt: row.createdAt,
    endedAt: view.endedAt,
    spend: view.spend,
    progress: view.progress,
    branch: view.branch,
    landed: view.landed === null ? null : landedText(view.landed),
    sourceChanged: await sourceChanged(store, runId),
    requests: view.requests,
    held: view.held,
    counts: shownCounts(view),
    total: view.total,
    maps: view.maps.map((map) => mapCountOf(store, runId, map)),
    nodes: store.others(runId, 20_000).map((node) => {
      const summary = node.state === 'running' ? live.get(node.name) : undefined;
      return {
        name: node.name,
        status: shownState(view.maps, node),
        attempt: node.attempt,
        route: routeText(node.route, summary?.model ?? node.model),
        startedAt: node.startedAt,
        endedAt: node.endedAt,
        spend: summary?.spend ?? node.spend,
        action: node.isStarting ? 'starting' : (summary?.lastAction ?? null),
        message: node.message,
        flags: summary?.flags ?? [],
      };
    }),
  };
}

/** Waits until something happened to the run, or the time is over. Who waits for a run whose owner has died starts the next one. */
export async function waitForChange(
  context: OperationContext,
  runId: string,
  timeoutMs: number,
): Promise<void> {
  const store = await context.store();
  if (wantsOwner(store.view(runId))) await context.ensureOwner(runId);
  await store.waitForPulse(runId, { signal: context.signal, timeoutMs });
}
