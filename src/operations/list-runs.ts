import { shownCounts } from '../core/shown-map.ts';
import type { Progress } from '../core/progress.ts';
import type { OperationContext } from './context.ts';
import { landedText } from './landed-text.ts';
import type { RunState } from '../core/view.ts';

export type ListedRun = {
  run_id: string;
  state: RunState;
  goal: string;
  started_at: string;
  progress: readonly Progress[];
  counts: Readonly<Record<string, number>>;
  /** `merge main at 803df3d9c6`; null where nothing has. */
  landed: string | null;
  spend: { usd: number | null; input: number; cached: number; output: number };
};

/** The runs of a project, newest first; none where there is no workspace yet. */
export async function listRuns(context: OperationContext, limit: number): Promise<ListedRun[]> {
  const store = await context.storeIfAny();
  if (store === null) return [];
  return store.listRuns({ limit, before: null }).map(({ runId, goal, createdAt, view }) => ({
    run_id: runId,
    state: view.state,
    goal,
    started_at: new Date(createdAt).toISOString(),
    progress: view.progress,
    counts: shownCounts(view),
    landed: view.landed === null ? null : landedText(view.landed),
    spend: view.spend,
  }));
}
