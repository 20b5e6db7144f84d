import type { NodeView, RunView } from './view.ts';

type Counts = RunView['counts'];
type State = NodeView['state'];
type Maps = readonly { map: string; counts: Counts }[];

/**
 * A map is verified as soon as it has unfolded: from then on its items say how it is. `running` until all of them are over, then
 * `failed` where one could not be done.
 */
export function stateOfItems(counts: Counts): State {
  const { waiting = 0, running = 0, gating = 0, failed = 0, blocked = 0, stopped = 0 } = counts;
  if (waiting + running + gating > 0) return 'running';
  return failed + blocked + stopped > 0 ? 'failed' : 'verified';
}

/** The state of a node as people are told it. */
export function shownState(maps: Maps, { name, state }: { name: string; state: State }): State {
  if (state !== 'verified') return state;
  const map = maps.find((one) => one.map === name);
  return map === undefined ? state : stateOfItems(map.counts);
}

/** Nodes by state, with every map in the state of its items. */
export function shownCounts({ counts, maps }: Pick<RunView, 'counts' | 'maps'>): Counts {
  const shown = { ...counts };
  for (const { counts: items } of maps) {
    const state = stateOfItems(items);
    const verified = shown.verified ?? 0;
    if (state === 'verified' || verified === 0) continue;
    shown.verified = verified - 1;
    if (shown.verified === 0) delete shown.verified;
    shown[state] = (shown[state] ?? 0) + 1;
  }
  return shown;
}
