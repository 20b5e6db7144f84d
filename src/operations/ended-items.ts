import type { OperationContext } from './context.ts';

/** The items of a run's maps by what became of them, in their order. */
export type EndedItems = { failed: readonly string[]; verified: readonly string[] };

export async function endedItems(context: OperationContext, runId: string): Promise<EndedItems> {
  const store = await context.store();
  const items = store.nodes(runId, mostNodes).filter(({ itemOf }) => itemOf !== null);
  const named = (state: string): string[] =>
    items.filter((one) => one.state === state).map(({ name }) => name);
  return { failed: named('failed'), verified: named('verified') };
}

const mostNodes = 20_000;
