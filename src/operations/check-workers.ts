import type { Limit } from '../core/node.ts';
import { MoError } from '../core/problem.ts';
import { routeNode, type Worker } from '../core/routing.ts';
import { findBinary } from '../platform/find-binary.ts';
import type { RouteWish } from './choose-route.ts';
import type { OperationContext } from './context.ts';

/**
 * Every node can be given to somebody who is installed. A run that nobody can work on is not begun: throws `cli-missing` where the
 * node names its provider, else `no-worker`. Whether a CLI is signed in is not asked: that takes seconds, and its worker says so.
 */
export async function checkWorkers(
  { wishes, budget }: { wishes: readonly RouteWish[]; budget: Limit },
  context: OperationContext,
): Promise<void> {
  const providers = await context.providers();
  const { settings } = await context.settings();
  const now = context.clock.now();
  const workers = providers.map(({ name, vendor, abilities, lacks, binary }): Worker => ({
    provider: name,
    vendor,
    abilities,
    lacks,
    reason:
      findBinary(binary, context.env) === null ? `the command ${binary} is not on the PATH` : null,
  }));
  for (const node of wishes) {
    const routing = routeNode({
      node,
      workers,
      lanes: [],
      settings,
      budget,
      excluded: [],
      otherThan: [],
      now,
    });
    if (routing.ok) continue;
    const named = providers.find(({ name }) => name === node.provider);
    if (named !== undefined && findBinary(named.binary, context.env) === null) {
      const { name, binary, install } = named;
      throw new MoError({ code: 'cli-missing', provider: name, binary, install });
    }
    throw new MoError({ code: 'no-worker', role: node.role, reasons: routing.reasons });
  }
}
