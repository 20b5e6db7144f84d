import type { NodeSpec } from '../core/node.ts';
import { MoError } from '../core/problem.ts';
import { keyOf, routeNode, type Candidate, type Routing, type Worker } from '../core/routing.ts';
import type { Route } from '../core/worker.ts';
import { toldProviders } from '../core/worker-name.ts';
import { historyOf } from '../engine/engine.ts';
import type { Surroundings } from '../workflow/assign.ts';
import type { OperationContext } from './context.ts';
import { probeProvider, startLack } from './probe-provider.ts';

export type RouteWish = Pick<
  NodeSpec,
  'role' | 'write' | 'provider' | 'profile' | 'model' | 'effort'
> &
  Partial<Pick<NodeSpec, 'budget'>>;
export type RouteAnswer = {
  choice: Route;
  reasons: readonly string[];
  candidates: readonly Candidate[];
  /** Who cannot have it, and why. */
  left: readonly string[];
};

/** Who would get such a node now. Throws `no-worker` with every provider's reason where nobody can take it, `lane-closed` where nobody can yet. */
export async function chooseRoute(
  wish: RouteWish,
  context: OperationContext,
): Promise<RouteAnswer> {
  await checkNames(wish, context);
  const surroundings = await surroundingsOf(
    context,
    wish.provider === null ? null : [wish.provider],
  );
  const routing = routeNode({ node: wish, excluded: [], otherThan: [], ...surroundings });
  if (!routing.ok) throw nobody(wish.role, routing);
  const { route: choice, reasons, candidates, left } = routing;
  return { choice, reasons, candidates, left };
}

function nobody(role: string, { openAt, reasons }: Extract<Routing, { ok: false }>): MoError {
  if (openAt === null) return new MoError({ code: 'no-worker', role, reasons });
  return new MoError({ code: 'lane-closed', role, lanes: reasons, openAt });
}

/** Who is there now; only these providers are asked, null: all. */
export async function surroundingsOf(
  context: OperationContext,
  only: readonly string[] | null,
): Promise<Surroundings> {
  const store = await context.storeIfAny();
  return {
    workers: await workersOf(context, only),
    lanes: store?.lanes() ?? [],
    settings: (await context.settings()).settings,
    history: store === null ? undefined : historyOf(store),
    now: context.clock.now(),
  };
}

/** A name that does not exist is told as such, with those there are, before anything is asked of a CLI. */
export async function checkNames(
  wish: Pick<RouteWish, 'provider' | 'profile'>,
  context: OperationContext,
): Promise<void> {
  if (wish.provider === null) return;
  const known = (await context.providers()).map(({ name }) => name);
  if (!known.includes(wish.provider)) {
    throw new MoError({
      code: 'unknown-provider',
      provider: wish.provider,
      known: toldProviders(known),
    });
  }
  if (wish.profile === null) return;
  const { settings, found } = await context.settings();
  const profiles = Object.keys(settings.providers?.[wish.provider]?.profiles ?? {});
  if (!profiles.includes(wish.profile)) {
    if (found?.problem) throw found.problem;
    throw new MoError({
      code: 'unknown-profile',
      provider: wish.provider,
      profile: wish.profile,
      known: profiles,
    });
  }
}

async function workersOf(
  context: OperationContext,
  only: readonly string[] | null,
): Promise<Worker[]> {
  const providers = (await context.providers()).filter(
    ({ name }) => only === null || only.includes(name),
  );
  return Promise.all(
    providers.map(async (provider) => {
      const probed = await probeProvider(provider, {
        env: context.env,
        folder: context.folder,
        now: context.clock.now(),
        signal: context.signal,
      });
      const known = {
        provider: provider.name,
        vendor: provider.vendor,
        abilities: provider.abilities,
        lacks: provider.lacks,
      };
      const problem = probed.problem?.what.replace(/\.$/, '') ?? null;
      if (probed.path === null) return { ...known, reason: 'not on the PATH' };
      const onlySignIn = probed.signedIn === 'no' && startLack(provider) === null;
      return probed.version !== null && onlySignIn
        ? { ...known, reason: null, signedOut: problem }
        : { ...known, reason: problem };
    }),
  );
}

/** `open`, or why this candidate takes no work now. */
export function laneText(candidate: Candidate, now: number): string {
  if (candidate.openAt <= now) return 'open';
  return `${keyOf(candidate.route)} closed until ${new Date(candidate.openAt).toISOString()}`;
}
