import type { NodeSpec } from './node.ts';
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
};

/** One provider profile at the vendor's wall until a time (ms since 1970). */
export type Lane = {
  provider: string;
  profile: string | null;
  closedUntil: number;
  reason: string;
};

export type Candidate = { route: Route; score: number; reasons: string[]; openAt: number };

export type Routing =
  | { ok: true; route: Route; reasons: readonly string[]; candidates: readonly Candidate[] }
  | { ok: false; openAt: number | null; reasons: readonly string[] };

export type RoutingQuestion = {
  node: Pick<NodeSpec, 'role' | 'write' | 'provider' | 'profile' | 'model' | 'effort'> &
    Partial<Pick<NodeSpec, 'resume'>>;
  workers: readonly Worker[];
  lanes: readonly Lane[];
  settings: Settings;
  /** Providers that failed this node in a way another attempt would not mend. */
  excluded: readonly string[];
  /** Vendors whose work is to be looked at: another pair of eyes is preferred. */
  otherThan: readonly string[];
  now: number;
};

/** Judging roles go to whoever did not write what they judge. */
export function isJudging(role: string): boolean {
  return judging.has(role);
}

const judging = new Set(['review', 'security', 'performance', 'compatibility', 'testing']);

/**
 * Names provider, profile, model and effort for a node, with the reasons a person can check. What the node fixes is fixed; then the
 * role's preferences of `mo.yaml`, then the providers in their order. `openAt`: the earliest time a closed lane opens, or null when
 * waiting does not help.
 */
export function routeNode(question: RoutingQuestion): Routing {
  const refusals: string[] = [];
  const candidates: Candidate[] = [];
  for (const worker of question.workers) {
    const refusal = refusalOf(worker, question);
    if (refusal === null) candidates.push(...candidatesOf(worker, question));
    else if (question.node.provider === null || question.node.provider === worker.provider) {
      refusals.push(`${worker.provider}: ${refusal}`);
    }
  }
  candidates.sort((left, right) => right.score - left.score);
  const open = candidates.find((one) => one.openAt <= question.now);
  if (open !== undefined) return { ok: true, route: open.route, reasons: open.reasons, candidates };
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

function refusalOf(worker: Worker, { node, excluded, settings }: RoutingQuestion): string | null {
  if (node.provider !== null && node.provider !== worker.provider)
    return 'not the provider asked for';
  if (worker.reason !== null) return worker.reason;
  if (settings.providers?.[worker.provider]?.enabled === false) return 'switched off in mo.yaml';
  if (excluded.includes(worker.provider)) return 'failed this node before';
  const lacking = refusalFor(worker.lacks ?? [], node);
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

function candidatesOf(worker: Worker, question: RoutingQuestion): Candidate[] {
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
    return scored(route, worker, question);
  });
}

function scored(route: Route, worker: Worker, question: RoutingQuestion): Candidate {
  const { node, settings, lanes, otherThan, now } = question;
  const reasons: string[] = [];
  let score = route.profile === null ? 1 : 0;
  if (node.provider !== null) reasons.push(`the node asks for ${node.provider}`);
  const preferences = settings.roles?.[node.role]?.prefer ?? [];
  const place = preferences.findIndex((wish) => wish === keyOf(route) || wish === route.provider);
  if (place >= 0) {
    score += 100 - place;
    reasons.push(`mo.yaml prefers ${preferences[place]} for ${node.role}`);
  }
  if (isJudging(node.role) && otherThan.length > 0 && !otherThan.includes(worker.vendor)) {
    score += 50;
    reasons.push(`another vendor than the one that wrote (${otherThan.join(', ')})`);
  }
  score -= question.workers.indexOf(worker);
  if (reasons.length === 0) reasons.push('first provider that can do it');
  const lane = lanes.find(
    (one) => one.provider === route.provider && one.profile === route.profile,
  );
  const openAt = lane !== undefined && lane.closedUntil > now ? lane.closedUntil : 0;
  if (openAt > 0 && lane !== undefined) reasons.push(`${keyOf(route)} is closed: ${lane.reason}`);
  return { route, score, reasons, openAt };
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
