import { factsOf, modelDataDate } from '../core/model-data.ts';
import type { Role } from '../core/names.ts';
import { keyOf, scoreRoutes, signInRefusal, type Candidate, type Worker } from '../core/routing.ts';
import type { Settings } from '../core/settings.ts';
import { writtenUsd } from '../core/spend.ts';
import type { Route } from '../core/worker.ts';
import { ccSwitchStore } from '../profiles/cc-switch.ts';
import type { Surroundings } from '../workflow/assign.ts';
import { surroundingsOf } from './choose-route.ts';
import type { OperationContext } from './context.ts';
import { priceOf } from './price-of.ts';

export type ModelLine = {
  /** `provider` or `provider:profile`. */
  worker: string;
  /** As the settings name it; null: the CLI's own default. */
  model: string | null;
  /** Of a profile of CC-Switch, which is only used where it is named. */
  from: 'cc-switch' | null;
  /** By role, in the order of `roles`. */
  scores: { role: Role; score: number; preferred: boolean; why: string[] }[];
  /** US dollars per million tokens. */
  price: { input: number; output: number } | null;
  /** Tokens. */
  context_window: number | null;
  /** In this project, over the roles; times and money of the median attempt where one role is asked for. */
  record: { tried: number; verified: number; median_s: number | null; median_usd: number | null };
  /** `open`, `closed until …`, or why the CLI cannot be used. */
  lane: string;
};

export type ModelList = {
  /** The day the facts about models were looked up. */
  data: string;
  roles: Role[];
  models: ModelLine[];
  /** Providers of CC-Switch that are no profiles, and why. */
  left: { provider: string; title: string; why: string }[];
  /** What else there is to know, a sentence each. */
  notes: string[];
};

/** One role of each kind of work. */
const usualRoles: readonly Role[] = ['architecture', 'implementation', 'review', 'documentation'];

/** Every provider and profile with its score for the roles, and why; the best for the first role first. */
export async function listModels(context: OperationContext, role: Role | null): Promise<ModelList> {
  const { found } = await context.settings();
  const roles = role === null ? usualRoles : [role];
  const surroundings = await surroundingsOf(context, null);
  const workers = surroundings.workers.filter(({ vendor }) => vendor !== 'scripted');
  const byRole = roles.map((one) => scoredFor(one, { ...surroundings, workers }));
  const models = (byRole[0] ?? []).map(({ route }) =>
    lineOf(route, { roles, byRole, surroundings, workers }),
  );
  return {
    data: modelDataDate,
    roles: [...roles],
    models,
    left: [...(found?.left ?? [])],
    notes: await notesOf(context),
  };
}

function scoredFor(role: Role, surroundings: Surroundings): Candidate[] {
  const node = { role, write: false, provider: null, profile: null, model: null, effort: null };
  return scoreRoutes({ node, excluded: [], otherThan: [], ...surroundings });
}

function lineOf(
  route: Route,
  known: {
    roles: readonly Role[];
    byRole: readonly (readonly Candidate[])[];
    surroundings: Surroundings;
    workers: readonly Worker[];
  },
): ModelLine {
  const { settings, now } = known.surroundings;
  const worker = keyOf(route);
  const own = known.byRole.map((one) => one.find((candidate) => keyOf(candidate.route) === worker));
  const scores = known.roles.flatMap((role, index) => {
    const candidate = own[index];
    if (candidate === undefined) return [];
    const { score, wish, reasons } = candidate;
    return [{ role, score, preferred: wish > 0, why: reasons.filter((one) => one !== usual) }];
  });
  const pasts = own.flatMap((one) => (one === undefined ? [] : [one.past]));
  const [only] = pasts.length === 1 ? pasts : [];
  const refusal = refusalOf(route, known.workers, settings);
  return {
    worker,
    model: route.model,
    from: sourceOf(route, settings),
    scores,
    price: priceOf(route, settings),
    context_window: factsOf(route.model)?.contextWindow ?? null,
    record: {
      tried: pasts.reduce((sum, { tried }) => sum + tried, 0),
      verified: pasts.reduce((sum, { verified }) => sum + verified, 0),
      median_s: only?.ms == null ? null : Math.round(only.ms / 1000),
      median_usd: only?.usd == null ? null : writtenUsd(only.usd),
    },
    lane: refusal ?? laneOf(own[0]?.openAt ?? 0, now),
  };
}

/** What routing says where there is nothing to say. */
const usual = 'first provider that can do it';

function sourceOf({ provider, profile }: Route, settings: Settings): ModelLine['from'] {
  if (profile === null) return null;
  return settings.providers?.[provider]?.profiles?.[profile]?.from ?? null;
}

function refusalOf(route: Route, workers: readonly Worker[], settings: Settings): string | null {
  const worker = workers.find(({ provider }) => provider === route.provider);
  if (worker === undefined) return null;
  return worker.reason ?? signInRefusal(route, worker, { settings });
}

function laneOf(openAt: number, now: number): string {
  return openAt <= now ? 'open' : `closed until ${new Date(openAt).toISOString()}`;
}

async function notesOf(context: OperationContext): Promise<string[]> {
  const { settings, found } = await context.settings();
  if (found?.problem) return [found.problem.message];
  if (settings.profiles?.cc_switch !== undefined) return [];
  const store = await ccSwitchStore(context.env);
  if (store === null) return [];
  return [
    `CC-Switch keeps providers in ${store}. To have them as profiles: \`profiles: { cc_switch: true }\` in mo.yaml.`,
  ];
}
