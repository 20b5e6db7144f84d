import { MoError } from '../core/problem.ts';
import { wantsOwner } from '../core/view.ts';
import type { Store } from '../store/store.ts';
import type { OperationContext } from './context.ts';

/**
 * There is no daemon: whoever looks at a run whose owner has died starts the next one. What keeps that from working is told beside
 * the news, not instead of them.
 */
export async function revive(
  context: OperationContext,
  store: Store,
  runId: string,
): Promise<string | null> {
  if (!wantsOwner(store.view(runId))) return null;
  try {
    await context.ensureOwner(runId);
    return null;
  } catch (error) {
    if (error instanceof MoError && isTold.has(error.code)) return error.message;
    throw error;
  }
}

const isTold: ReadonlySet<string> = new Set(['owner-failed', 'owner-missing']);
