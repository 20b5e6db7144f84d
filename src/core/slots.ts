import type { Snapshot } from './action.ts';
import type { Run, RunNode } from './run.ts';

/** Which of the worktrees of its map an item works in, or has worked in last; null where a node has one of its own. */
export function slotOf({ attempts }: Pick<RunNode, 'attempts'>): number | null {
  return attempts.at(-1)?.slot ?? null;
}

/** By map: its items that hold a slot, and which. An item holds it from its start until its work has landed or it waits again. */
export class Slots {
  readonly #held = new Map<string, Map<string, number | null>>();

  take({ spec }: RunNode, slot: number | null): void {
    if (spec.itemOf === null) return;
    const held = this.#held.get(spec.itemOf);
    if (held === undefined) this.#held.set(spec.itemOf, new Map([[spec.name, slot]]));
    else held.set(spec.name, slot);
  }

  of(map: string): ReadonlyMap<string, number | null> {
    return this.#held.get(map) ?? new Map();
  }
}

export function slotsInUse({ run, busy }: Pick<Snapshot, 'run' | 'busy'>): Slots {
  const slots = new Slots();
  if (run.nodes.items.size === 0) return slots;
  for (const node of run.nodes.inState('running', 'gating', 'verified', 'waiting'))
    if (holdsSlot(node)) slots.take(node, slotOf(node));
  // Whoever has just given its slot back may still be on its way out of the folder.
  for (const key of busy) {
    const node = run.nodes.get(key.slice(key.indexOf(':') + 1));
    if (node !== undefined) slots.take(node, slotOf(node));
  }
  return slots;
}

/** The lowest free one, null for a node that is no item; `none`: as many items of the map as may are at work. */
export function freeSlot(run: Run, slots: Slots, { spec }: RunNode): number | 'none' | null {
  if (spec.itemOf === null) return null;
  const held = slots.of(spec.itemOf);
  const own = held.get(spec.name);
  if (own !== undefined && own !== null) return own;
  const most = run.nodes.get(spec.itemOf)?.spec.map?.concurrency ?? 1;
  if (held.size >= most) return 'none';
  const taken = new Set(held.values());
  let slot = 0;
  while (taken.has(slot)) slot += 1;
  return slot;
}

/** What goes on in a session goes on in its folder. */
function holdsSlot({ spec, state }: RunNode): boolean {
  if (spec.itemOf === null) return false;
  switch (state.status) {
    case 'running':
    case 'gating':
      return true;
    case 'verified':
      return !state.landed;
    case 'waiting':
      return state.goesOn !== undefined;
    case 'failed':
    case 'blocked':
    case 'skipped':
    case 'stopped':
      return false;
  }
}
