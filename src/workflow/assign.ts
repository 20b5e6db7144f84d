import type { History } from '../core/model-score.ts';
import type { Limit, NodeSpec } from '../core/node.ts';
import { isJudging, routeNode, type Lane, type Worker } from '../core/routing.ts';
import type { Settings } from '../core/settings.ts';
import type { Route } from '../core/worker.ts';

/** Who would get a node, and why; `route` null: nobody can take it, for these reasons. */
export type Assignment = { route: Route | null; reasons: readonly string[] };

export type Surroundings = {
  workers: readonly Worker[];
  lanes: readonly Lane[];
  settings: Settings;
  /** Of the run; not given: none. */
  budget?: Limit | undefined;
  /** What the project's ledger knows; not given: nothing. */
  history?: History | undefined;
  /** ms since 1970. */
  now: number;
};

/** Who would get every agent, and the items of every map, if all goes well: by the rules the run itself will use. */
export function assignRoutes(
  nodes: readonly NodeSpec[],
  batches: readonly (readonly string[])[],
  surroundings: Surroundings,
): Map<string, Assignment> {
  const byName = new Map(nodes.map((node) => [node.name, node]));
  const known = new Map<string, Assignment>();
  const assignments = new Map<string, Assignment>();
  let vendors: string[] = [];
  for (const batch of batches) {
    const writing = new Set(vendors);
    for (const name of batch) {
      const wish = wishOf(byName.get(name));
      if (wish === null) continue;
      const otherThan = isJudging(wish.role) ? vendors : [];
      const key = JSON.stringify([
        wish.role,
        wish.write,
        wish.provider,
        wish.profile,
        wish.model,
        wish.effort,
        wish.budget,
        otherThan,
      ]);
      const assignment = known.get(key) ?? assign(wish, otherThan, surroundings);
      known.set(key, assignment);
      assignments.set(name, assignment);
      const vendor = vendorOf(assignment, surroundings);
      if (wish.write && vendor !== null) writing.add(vendor);
    }
    vendors = [...writing].toSorted();
  }
  return assignments;
}

type Wish = Pick<
  NodeSpec,
  'role' | 'write' | 'provider' | 'profile' | 'model' | 'effort' | 'budget'
>;

function wishOf(node: NodeSpec | undefined): Wish | null {
  if (node?.kind === 'agent') return node;
  return node?.map?.item.kind === 'agent' ? node.map.item : null;
}

function assign(node: Wish, otherThan: readonly string[], surroundings: Surroundings): Assignment {
  const routing = routeNode({ node, excluded: [], otherThan, ...surroundings });
  return { route: routing.ok ? routing.route : null, reasons: routing.reasons };
}

function vendorOf({ route }: Assignment, { workers }: Surroundings): string | null {
  return workers.find((one) => one.provider === route?.provider)?.vendor ?? null;
}
