import type { Day } from '../core/action.ts';
import type { Run } from '../core/run.ts';
import { isAlive } from '../platform/process-identity.ts';
import type { Ceiling } from '../store/spend-table.ts';
import type { Engine } from './engine.ts';

/** The day's money, counted from midnight, all runs of the project together; null when nothing limits it. */
export function dayOf(engine: Engine, run: Run): Day | null {
  const ceiling = ceilingOf(engine, run);
  if (ceiling === null) return null;
  let left = ceiling.usd - engine.store.chargedSince(ceiling.since);
  let held = 0;
  for (const { holder, usd } of engine.store.reservedByOthers(run.spec.runId)) {
    // What nobody watches is charged when somebody resumes that run: waiting for it would be waiting for a person.
    if (holder !== null && isAlive(holder)) held += usd;
    else left -= usd;
  }
  return { left, held };
}

export function ceilingOf(engine: Engine, run: Run): Ceiling | null {
  const usd = run.spec.settings.limits?.usd_per_day;
  if (usd === undefined) return null;
  return { usd, since: new Date(engine.clock.now()).setHours(0, 0, 0, 0) };
}
