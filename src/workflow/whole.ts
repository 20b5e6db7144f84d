import type { RunSpec } from '../core/event.ts';
import type { Limit, NodeSpec } from '../core/node.ts';
import type { Settings } from '../core/settings.ts';

/** What counts for a run as a whole. */
export type Whole = {
  /** Commands the integrated tree must pass; null: those of a file that nobody has trusted yet. */
  gates: readonly string[] | null;
  budget: Limit;
  land: RunSpec['land'];
};

type Wish = {
  nodes: readonly NodeSpec[];
  /** null: what the settings say. */
  gates: readonly string[] | null;
  budget: Limit;
  land: RunSpec['land'] | null;
};

/** What a wish leaves open is filled in from the settings. */
export function wholeOf({ nodes, gates, budget, land }: Wish, settings: Settings) {
  return {
    gates: [...(gates ?? settings.gates?.commands ?? [])],
    budget,
    land: canWrite(nodes) ? (land ?? settings.land ?? 'branch') : 'none',
  } satisfies Whole;
}

/** Whether anything may change, be it by nodes that are added later. */
export function canWrite(nodes: readonly NodeSpec[]): boolean {
  return nodes.some((node) => node.write || node.emit !== null || node.map?.item.write === true);
}

/** Workers at once, where neither a run nor the settings say. */
const usualConcurrency = 4;

export function concurrencyOf(wish: number | null, { limits }: Settings): number {
  return wish ?? limits?.concurrency ?? usualConcurrency;
}
