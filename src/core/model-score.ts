import { factsOf, modelDataDate, type Tier } from './model-data.ts';
import type { Role } from './names.ts';
import type { Outcome, TrackRecord } from './track-record.ts';
import type { Route } from './worker.ts';

/** Roles ask for four kinds of work, and a model is not equally good for all of them. */
export type WorkKind = 'planning' | 'implementation' | 'review' | 'bulk';

/** Everything else is implementation. */
const kinds: Readonly<Partial<Record<Role, WorkKind>>> = {
  requirements: 'planning',
  architecture: 'planning',
  planner: 'planning',
  supervisor: 'planning',
  review: 'review',
  security: 'review',
  performance: 'review',
  compatibility: 'review',
  documentation: 'bulk',
};

export function kindOfRole(role: Role): WorkKind {
  return kinds[role] ?? 'implementation';
}

/** Of a model nobody has facts of, and of the CLI's own default. */
export const neutral = 6;

/** 0 to 10. A judgement from what vendors say their models are for, price included for bulk work; no benchmark. */
const ratings: Readonly<Record<Tier, Readonly<Record<WorkKind, number>>>> = {
  frontier: { planning: 10, implementation: 8, review: 10, bulk: 2 },
  strong: { planning: 9, implementation: 9, review: 9, bulk: 4 },
  workhorse: { planning: 7, implementation: 8, review: 7, bulk: 6 },
  fast: { planning: 3, implementation: 4, review: 3, bulk: 9 },
};

/** A part of a score. `why`: where it comes from, whatever it is; `reason`: the same where it moves the score, else null. */
export type Part = { points: number; reason: string | null; why: string };

export function dataPart(model: string | null, kind: WorkKind): Part {
  const facts = factsOf(model);
  if (facts === null) return { points: neutral, reason: null, why: unknownText(model) };
  const points = ratings[facts.tier][kind] - (facts.isOlder ? 1 : 0);
  const reason = `model data (${modelDataDate}): ${facts.model} ${points}/10 for ${kind}`;
  const older = facts.isOlder ? ', one less for being no longer the newest' : '';
  return { points, reason, why: `${reason}, as tier ${facts.tier}${older}` };
}

function unknownText(model: string | null): string {
  return model === null
    ? 'model data: which model its default is, is not known before it answers; counted as the middle'
    : `model data: nothing is known of ${model}; counted as the middle`;
}

/** What the project's ledger knows. */
export type History = { records: readonly TrackRecord[]; outcomes: readonly Outcome[] };

export const noHistory: History = { records: [], outcomes: [] };

/** What one provider, profile and model did in a role, whatever the effort. Times and money are those of the median attempt. */
export type Past = { tried: number; verified: number; ms: number | null; usd: number | null };

export function pastOf(role: string, route: Route, { records, outcomes }: History): Past {
  const own = outcomes.filter((one) => one.role === role && isSame(one.route, route));
  const most = records
    .filter((one) => one.role === role && isSame(one.route, route))
    .toSorted((one, other) => other.attempts - one.attempts)[0];
  return {
    tried: own.reduce((sum, one) => sum + one.tried, 0),
    verified: own.reduce((sum, one) => sum + one.verified, 0),
    ms: most?.ms.median ?? null,
    usd: most?.usd?.median ?? null,
  };
}

type Worker = Pick<Route, 'provider' | 'profile' | 'model'>;

function isSame(one: Worker, other: Worker): boolean {
  return (
    one.provider === other.provider && one.profile === other.profile && one.model === other.model
  );
}

/** Fewer attempts say more about the tasks than about who did them. */
const fewest = 3;

/**
 * At most +2.3 for work that passed its gates, down to -6 for work that did not: three of four are expected to pass, and a few
 * attempts weigh less than many. Half a point each for the shortest time and the least money among `others`, where there are any.
 */
export function recordPart(role: string, past: Past, others: readonly Past[]): Part {
  if (past.tried < fewest) return { points: 0, reason: null, why: fewText(role, past) };
  const share = (past.verified + 3) / (past.tried + 4);
  const rivals = others.filter((one) => one.tried >= fewest);
  const notes = [`${past.verified} of ${past.tried} attempts verified`];
  let points = (share - 0.75) * 8;
  if (
    isLeast(
      past.ms,
      rivals.map(({ ms }) => ms),
    )
  ) {
    points += 0.5;
    notes.push('the quickest');
  }
  if (
    isLeast(
      past.usd,
      rivals.map(({ usd }) => usd),
    )
  ) {
    points += 0.5;
    notes.push('the cheapest');
  }
  const rounded = Math.round(points * 10) / 10;
  const reason = `track record: ${notes.join(', ')} for ${role} (${signed(rounded)})`;
  return { points: rounded, reason, why: reason };
}

function fewText(role: string, { tried }: Past): string {
  return tried === 0
    ? `track record: no attempt as ${role} here yet`
    : `track record: ${tried} of the ${fewest} attempts as ${role} from which it counts`;
}

function isLeast(own: number | null, others: readonly (number | null)[]): boolean {
  const known = others.filter((one) => one !== null);
  return own !== null && known.length > 0 && known.every((one) => own < one);
}

function signed(points: number): string {
  return points > 0 ? `+${points}` : String(points);
}
