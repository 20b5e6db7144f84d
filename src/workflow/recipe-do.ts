import { durationMs } from '../core/amount.ts';
import type { NodeDefaults } from '../core/event.ts';
import type { NodeSpec } from '../core/node.ts';
import { MoError } from '../core/problem.ts';
import { newNode, usualDefaults } from './new-node.ts';

/** What a caller of recipe `do` may fix. A worker is named `claude` or, with a profile, `claude:fast`; `timeout` is one attempt's, such as `15m`. */
export type DoWish = {
  provider?: string | undefined;
  planner?: string | undefined;
  worker?: string | undefined;
  reviewer?: string | undefined;
  model?: string | undefined;
  timeout?: string | undefined;
  /** Of `retries.max` in mo.yaml. */
  retries?: number | undefined;
};

/** Plan, then review: everything between is what the planner emits, and what the reviewer wants mended. */
export function doNodes(wish: DoWish): NodeSpec[] {
  const times = timesOf(wish);
  return [
    newNode(
      {
        name: 'plan',
        role: 'planner',
        task: 'Look at the repository and cut the goal into nodes that workers can do at the same time.',
        emit: 'nodes',
      },
      { ...usualDefaults, ...times, ...routeOf(wish.planner, wish) },
    ),
    newNode(
      {
        name: 'review',
        role: 'review',
        needs: ['plan'],
        task: 'Judge whether the repository, as it stands now, reaches the goal, and list what still has to change.',
        emit: 'review',
      },
      { ...usualDefaults, ...times, ...routeOf(wish.reviewer, wish) },
    ),
  ];
}

/** What the emitted nodes get. */
export function doDefaults(wish: DoWish): NodeDefaults {
  return {
    ...usualDefaults,
    ...timesOf(wish),
    ...routeOf(wish.worker, wish),
    model: wish.model ?? null,
  };
}

type RouteWish = Pick<NodeDefaults, 'provider' | 'profile' | 'model' | 'effort'>;

/** A model belongs to a provider, so it is not given to one that was named for this role alone. */
function routeOf(own: string | undefined, wish: DoWish): RouteWish {
  const [provider = null, profile = null] = (own ?? wish.provider)?.split(':') ?? [];
  return {
    provider,
    profile,
    model: own === undefined ? (wish.model ?? null) : null,
    effort: null,
  };
}

function timesOf({
  timeout,
  retries = usualDefaults.retries,
}: DoWish): Pick<NodeDefaults, 'timeoutMs' | 'idleMs' | 'retries'> {
  if (timeout === undefined) {
    return { timeoutMs: usualDefaults.timeoutMs, idleMs: usualDefaults.idleMs, retries };
  }
  const timeoutMs = durationMs(timeout);
  if (timeoutMs === null) {
    throw new MoError({
      code: 'bad-input',
      what: `${JSON.stringify(timeout)} is no duration.`,
      fix: 'Write it like 90s, 15m or 2h.',
    });
  }
  return { timeoutMs, idleMs: Math.min(usualDefaults.idleMs, timeoutMs), retries };
}
