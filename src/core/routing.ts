import {
  dataPart,
  kindOfRole,
  noHistory,
  pastOf,
  recordPart,
  type History,
  type Past,
} from './model-score.ts';
import { noLimit } from './budget.ts';
import type { Limit, NodeSpec } from './node.ts';
import type { Settings } from './settings.ts';
import { refusalFor } from './shown.ts';
import type { Abilities, Lack, Route } from './worker.ts';

/** A provider as the scheduler sees it. `reason`: why it is not usable, or null. */
export type Worker = {
  provider: string;
  vendor: string;
  abilities: Abilities;
  /** What its installed CLI was found not to have. */
  lacks?: readonly Lack[] | undefined;
  reason: string | null;
  /** Why only profiles with an account of their own are usable, or null; not given: nobody asked. */
  signedOut?: string | null;
};

/** One provider profile at the vendor's wall until a time (ms since 1970). */
export type Lane = {
  provider: string;
  profile: string | null;
  closedUntil: number;
  reason: string;
};

export type Candidate = {
  route: Route;
  /** What people and the run ask for; goes before any score. */
  wish: number;
  /** About 0 to 12: what is known of the model, and of its work here. */
  score: number;
  reasons: string[];
  /** Where its place comes from, part by part; the points add up to the score. */
  parts: readonly ScorePart[];
  openAt: number;
  /** What the project's ledger knows of it in this role. */
  past: Past;
};

/** `points` null: a wish, which goes before any score. */
export type ScorePart = { points: number | null; why: string };

export type Routing =
  | {
      ok: true;
      route: Route;
      reasons: readonly string[];
      candidates: readonly Candidate[];
      /** Workers that were asked for or looked at and cannot have it, each with why. */
      left: readonly string[];
    }
  | { ok: false; openAt: number | null; reasons: readonly string[] };

export type RoutingQuestion = {
  node: Pick<NodeSpec, 'role' | 'write' | 'provider' | 'profile' | 'model' | 'effort'> &
    Partial<Pick<NodeSpec, 'resume' | 'budget'>>;
  /** Of the run; not given: none. */
  budget?: Limit | undefined;
  workers: readonly Worker[];
  lanes: readonly Lane[];
  settings: Settings;
  /** Providers that failed this node in a way another attempt would not mend. */
  excluded: readonly string[];
  /** Vendors whose work is to be looked at: another pair of eyes is preferred. */
  otherThan: readonly string[];
  /** What the project's ledger knows; not given: nothing. */
  history?: History | undefined;
  now: number;
};

/** Judging roles go to whoever did not write what they judge. */
export function isJudging(role: string): boolean {
  return judging.has(role);
}

const judging = new Set(['review', 'security', 'performance', 'compatibility', 'testing']);

/**
 * Names provider, profile, model and effort for a node, with the reasons a person can check. What the node fixes is fixed; then the
 * role's preferences of `mo.yaml`, then what is known of the models and of their work here, then the providers in their order.
 * `openAt`: the earliest time a closed lane opens, or null when waiting does not help.
 */
export function routeNode(question: RoutingQuestion): Routing {
  const refusals: string[] = [];
  const left: string[] = [];
  const candidates: Unscored[] = [];
  for (const worker of question.workers) {
    const refusal = refusalOf(worker, question);
    if (refusal === null) {
      const all = candidatesOf(worker, question);
      const offered = all.filter((one) => isOffered(one, question));
      const usable = offered.filter(({ route }) => signInRefusal(route, worker, question) === null);
      candidates.push(...usable);
      if (usable.length === 0) refusals.push(`${worker.provider}: ${worker.signedOut}`);
      for (const one of all.filter((other) => !usable.includes(other))) {
        const why = offered.includes(one) ? worker.signedOut : 'only used where it is named';
        left.push(`${keyOf(one.route)}: ${why}`);
      }
    } else if (question.node.provider === null || question.node.provider === worker.provider) {
      refusals.push(`${worker.provider}: ${refusal}`);
      if (worker.vendor !== 'scripted') left.push(`${worker.provider}: ${refusal}`);
    }
  }
  return chosen(scoredAll(candidates, question), { refusals, left }, question);
}

/** Every route there is with its score, the best first, be it usable now or not. */
export function scoreRoutes(question: RoutingQuestion): Candidate[] {
  return scoredAll(
    question.workers.flatMap((worker) => candidatesOf(worker, question)),
    question,
  );
}

function chosen(
  candidates: readonly Candidate[],
  { refusals, left }: { refusals: string[]; left: readonly string[] },
  question: RoutingQuestion,
): Routing {
  const open = candidates.find((one) => one.openAt <= question.now);
  if (open !== undefined)
    return { ok: true, route: open.route, reasons: open.reasons, candidates, left };
  if (candidates.length > 0) {
    const openAt = Math.min(...candidates.map((one) => one.openAt));
    return { ok: false, openAt, reasons: candidates.flatMap((one) => one.reasons.slice(-1)) };
  }
  if (question.node.provider !== null && refusals.length === 0)
    refusals.push(`${question.node.provider}: unknown provider`);
  return {
    ok: false,
    openAt: null,
    reasons: refusals.length > 0 ? refusals : ['no worker CLI is installed'],
  };
}

function refusalOf(worker: Worker, question: RoutingQuestion): string | null {
  const { node, excluded, settings } = question;
  if (node.provider !== null && node.provider !== worker.provider)
    return 'not the provider asked for';
  if (worker.reason !== null) return worker.reason;
  if (settings.providers?.[worker.provider]?.enabled === false) return 'switched off in mo.yaml';
  if (excluded.includes(worker.provider)) return 'failed this node before';
  const lacking = refusalFor(worker.lacks ?? [], { ...node, isBudgeted: isBudgeted(question) });
  if (lacking !== null) return lacking;
  if (!node.write && !worker.abilities.readOnly) return 'cannot be kept from writing';
  // The scripted worker does nothing by itself: it is used where it is named, never picked.
  if (
    worker.vendor === 'scripted' &&
    node.provider === null &&
    !isPreferred(worker.provider, settings)
  ) {
    return 'only used where it is named';
  }
  return null;
}

/** Whether a ceiling of the attempt, the run or the day rests on what the worker tells it uses. */
function isBudgeted({ node, budget = noLimit, settings }: RoutingQuestion): boolean {
  const limits = [node.budget ?? noLimit, budget];
  if (settings.limits?.usd_per_day !== undefined) return true;
  return limits.some(({ usd, tokens }) => usd !== null || tokens !== null);
}

type Unscored = { route: Route; worker: Worker };

function candidatesOf(worker: Worker, question: RoutingQuestion): Unscored[] {
  const { node, settings } = question;
  const own = settings.providers?.[worker.provider];
  const names =
    node.profile !== null ? [node.profile] : [null, ...Object.keys(own?.profiles ?? {})];
  return names.map((name) => {
    const profile = name === null ? undefined : own?.profiles?.[name];
    const route: Route = {
      provider: worker.provider,
      profile: name,
      model: node.model ?? profile?.model ?? own?.model ?? null,
      effort: node.effort ?? profile?.effort ?? own?.effort ?? null,
      mode: node.write ? 'write' : 'read-only',
    };
    return { route, worker };
  });
}

/** Why a route cannot be used before somebody signs in; null where it can, or has an account of its own. */
export function signInRefusal(
  { provider, profile }: Route,
  { signedOut = null }: Worker,
  { settings }: Pick<RoutingQuestion, 'settings'>,
): string | null {
  const own = settings.providers?.[provider];
  const named = profile === null ? undefined : own?.profiles?.[profile];
  const hasAccount = named?.from !== undefined || named?.env !== undefined;
  return hasAccount ? null : signedOut;
}

/** Another program's profile is used where somebody named it: nobody's work goes to an account unasked. */
function isOffered({ route }: Unscored, { node, settings }: RoutingQuestion): boolean {
  if (!isElsewhere(route, settings) || route.profile === node.profile) return true;
  return settings.roles?.[node.role]?.prefer.includes(keyOf(route)) === true;
}

function isElsewhere({ provider, profile }: Route, settings: Settings): boolean {
  if (profile === null) return false;
  return settings.providers?.[provider]?.profiles?.[profile]?.from !== undefined;
}

/** The best first. */
function scoredAll(unscored: readonly Unscored[], question: RoutingQuestion): Candidate[] {
  const { node, history = noHistory } = question;
  const pasts = unscored.map(({ route }) => pastOf(node.role, route, history));
  return unscored
    .map((one, index) => {
      const past = pasts[index] ?? pastOf(node.role, one.route, noHistory);
      const others = pasts.filter((_, other) => other !== index);
      return scored(one, { past, others }, question);
    })
    .toSorted((left, right) => right.wish - left.wish || right.score - left.score);
}

function scored(
  { route, worker }: Unscored,
  { past, others }: { past: Past; others: readonly Past[] },
  question: RoutingQuestion,
): Candidate {
  const { node, lanes, now } = question;
  const data = dataPart(route.model, kindOfRole(node.role));
  const record = recordPart(node.role, past, others);
  const wished = wishedPart(route, worker, question);
  const order = orderPart(route, question.workers.indexOf(worker));
  const reasons = [
    ...wished.reasons,
    ...[record.reason, data.reason].filter((reason) => reason !== null),
  ];
  if (reasons.length === 0) reasons.push('first provider that can do it');
  const lane = lanes.find(
    (one) => one.provider === route.provider && one.profile === route.profile,
  );
  const openAt = lane !== undefined && lane.closedUntil > now ? lane.closedUntil : 0;
  if (openAt > 0 && lane !== undefined) reasons.push(closedText(lane));
  const score = Math.round((data.points + record.points + order.points) * 10) / 10;
  const parts = [
    ...wished.reasons.map((why) => ({ points: null, why })),
    { points: data.points, why: data.why },
    { points: record.points, why: record.why },
    order,
  ];
  return { route, wish: wished.points, score, reasons, parts, openAt, past };
}

/** Earlier providers and the one without a profile go before others that are as good. */
function orderPart({ profile }: Route, place: number): { points: number; why: string } {
  const points = (profile === null ? 1 : 0) - place;
  const what = profile === null ? 'without a profile' : 'a profile';
  return { points, why: `order: ${what}, provider ${place + 1} in the list` };
}

/** `claude:fast is closed until 2026-11-21T19:00:00.000Z: the five-hour window is used up`. */
function closedText(lane: Lane): string {
  const until = new Date(lane.closedUntil).toISOString();
  return `${keyOf(lane)} is closed until ${until}: ${lane.reason.replace(/\.$/, '')}`;
}

function wishedPart(
  route: Route,
  worker: Worker,
  { node, settings, otherThan }: RoutingQuestion,
): { points: number; reasons: string[] } {
  const reasons: string[] = [];
  let points = 0;
  if (node.provider !== null) reasons.push(`the node asks for ${node.provider}`);
  const preferences = settings.roles?.[node.role]?.prefer ?? [];
  const names = isElsewhere(route, settings) ? [keyOf(route)] : [keyOf(route), route.provider];
  const place = preferences.findIndex((wish) => names.includes(wish));
  if (place >= 0) {
    points += 100 - place;
    reasons.push(`mo.yaml prefers ${preferences[place]} for ${node.role}`);
  }
  if (isJudging(node.role) && otherThan.length > 0 && !otherThan.includes(worker.vendor)) {
    points += 50;
    reasons.push(`another vendor than the one that wrote (${otherThan.join(', ')})`);
  }
  return { points, reasons };
}

function isPreferred(provider: string, settings: Settings): boolean {
  return Object.values(settings.roles ?? {}).some((one) =>
    one.prefer.some((wish) => wish === provider || wish.startsWith(`${provider}:`)),
  );
}

/** `provider` or `provider:profile`, as people write it in mo.yaml. */
export function keyOf(route: Pick<Route, 'provider' | 'profile'>): string {
  return route.profile === null ? route.provider : `${route.provider}:${route.profile}`;
}
