import type { RunEvent } from './event.ts';
import type { LandHow } from './landing.ts';
import type { History } from './model-score.ts';
import type { Limit } from './node.ts';
import type { Lane, Worker } from './routing.ts';
import type { Run } from './run.ts';
import type { Route } from './worker.ts';

/** What the shell is to do next. Everything but `record` and `wait` takes time and ends in events of its own. */
export type Action =
  | { do: 'record'; event: RunEvent }
  | {
      do: 'start';
      node: string;
      attempt: number;
      route: Route | null;
      reasons: readonly string[];
      reserved: Limit;
      /** Of the worktrees the items of a map share; null on other nodes. */
      slot: number | null;
    }
  | { do: 'stop'; node: string; force: boolean }
  /** Evaluate the `when` of a node whose needs are met. */
  | { do: 'weigh'; node: string }
  /** Prove what an attempt left; settle an answered approval; evaluate what a gate node asks for. */
  | { do: 'gate'; node: string }
  | { do: 'land'; node: string }
  /** Add the nodes a planner's handoff carries. */
  | { do: 'expand'; node: string }
  /** Make the items of a map whose needs are met. */
  | { do: 'unfold'; node: string }
  /** Judge a round of findings: of a review node, or of the run's own gates (`verify`). */
  | { do: 'review'; node: string }
  | { do: 'verify' }
  | { do: 'deliver'; how: LandHow; target: string | null }
  | { do: 'wait'; until: number };

/** All `decide` looks at. */
export type Snapshot = {
  run: Run;
  /** Keys of the actions the shell is performing now; they are not asked for again. */
  busy: ReadonlySet<string>;
  lanes: readonly Lane[];
  workers: readonly Worker[];
  /** What the project's ledger knew when the owner took over. */
  history?: History;
  day: Day | null;
};

/** The day's ceiling over all runs, in USD; null where there is none. */
export type Day = {
  /** What is neither charged nor set aside for attempts that nobody watches at present. */
  left: number;
  /** How much of that attempts of other runs hold now; it may come back. */
  held: number;
};

/** Two actions with one key are the same work. */
export function keyOfAction(action: Action): string {
  return 'node' in action ? `${action.do}:${action.node}` : action.do;
}

/** The nodes the shell still does something with, be it on behalf of an attempt that counts no more. */
export function atWork(busy: ReadonlySet<string>): ReadonlySet<string> {
  const names = new Set<string>();
  for (const key of busy) {
    const colon = key.indexOf(':');
    if (colon !== -1 && key.slice(0, colon) !== 'stop') names.add(key.slice(colon + 1));
  }
  return names;
}
