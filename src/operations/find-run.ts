import { MoError } from '../core/problem.ts';
import type { Store } from '../store/store.ts';
import type { OperationContext } from './context.ts';

/** The store and the full id of a run that may be given shortened (`r-7`, `7`). */
export async function findRun(
  context: OperationContext,
  text: string,
): Promise<{ store: Store; runId: string }> {
  const store = await context.storeIfAny();
  const runId = store?.resolveRun(text) ?? null;
  if (store === null || runId === null) throw new MoError({ code: 'run-not-found', runId: text });
  return { store, runId };
}

/** The node, or an error that names those there are. */
export function checkNode(store: Store, runId: string, node: string): void {
  const known = store.nodeNames(runId);
  if (!known.includes(node)) throw new MoError({ code: 'node-not-found', runId, node, known });
}
