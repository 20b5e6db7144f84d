import type { z } from 'zod';
import { durationMs } from '../core/amount.ts';
import { MoError } from '../core/problem.ts';
import { keyOf } from '../core/routing.ts';
import { writtenUsd } from '../core/spend.ts';
import { readRun } from '../engine/read-run.ts';
import type { Store } from '../store/store.ts';
import type { Usage } from '../store/usage.ts';
import type { OperationContext } from './context.ts';
import { findRun } from './find-run.ts';
import type { usageInput, usageOutput } from './usage.ts';

type Input = z.output<typeof usageInput>;
type Result = z.input<typeof usageOutput>;

const mostRows = 40;

/** Reads the ledger; a project without a workspace has used nothing. */
export async function readUsage(input: Input, context: OperationContext): Promise<Result> {
  const now = context.clock.now();
  const since = sinceOf(input.since, now);
  const found = input.run_id === undefined ? null : await findRun(context, input.run_id);
  const store = found?.store ?? (await context.storeIfAny());
  const told = { by: input.by, since: new Date(since).toISOString() };
  if (store === null) return { ...told, rows: [], total: nothing, lanes: [], budgets: [] };
  const { rows, total, keys } = store.usage({
    by: input.by,
    // A run is asked for as a whole, however old it is.
    since: found === null ? since : 0,
    runId: found?.runId ?? null,
    now,
    limit: mostRows,
  });
  return {
    ...told,
    ...(found === null ? {} : { since: new Date(store.run(found.runId).createdAt).toISOString() }),
    rows: rows.map((row) => ({ key: row.key, ...amountsOf(row) })),
    ...(keys > rows.length ? { more: keys - rows.length } : {}),
    total: amountsOf(total),
    lanes: lanesOf(store, now),
    budgets: [
      ...(await dayBudget(store, context)),
      ...(found === null ? [] : runBudgets(store, found.runId)),
    ],
  };
}

const nothing = { attempts: 0, failed: 0, usd: null, tokens: 0, cached: 0, time_s: 0 };

function amountsOf(one: Usage): Result['total'] {
  return {
    attempts: one.attempts,
    failed: one.failed,
    ...(one.running > 0 ? { running: one.running } : {}),
    usd: one.usd === null ? null : writtenUsd(one.usd),
    ...(one.usd !== null && one.unpriced > 0 ? { unpriced: one.unpriced } : {}),
    tokens: one.input + one.output,
    cached: one.cached,
    time_s: Math.round(one.ms / 1000),
  };
}

function lanesOf(store: Store, now: number): Result['lanes'] {
  const closed = store.lanes().filter(({ closedUntil }) => closedUntil > now);
  const quotas = store.quotas();
  const names = new Set([...closed, ...quotas].map((one) => keyOf(one)));
  return [...names].toSorted().map((lane) => {
    const shut = closed.find((one) => keyOf(one) === lane);
    const quota = quotas.find((one) => keyOf(one) === lane);
    // What was used of a window that has opened anew since says nothing.
    const isOver = quota?.resetsAt !== null && quota !== undefined && quota.resetsAt <= now;
    const resetsAt = shut?.closedUntil ?? (isOver ? null : (quota?.resetsAt ?? null));
    return {
      lane,
      state: shut === undefined ? 'open' : `closed: ${shut.reason}`,
      used: isOver ? null : (quota?.used ?? null),
      resets_at: resetsAt === null ? null : new Date(resetsAt).toISOString(),
    };
  });
}

async function dayBudget(store: Store, context: OperationContext): Promise<Result['budgets']> {
  const { settings } = await context.settings();
  const ceiling = settings.limits?.usd_per_day;
  if (ceiling === undefined) return [];
  const midnight = new Date(context.clock.now()).setHours(0, 0, 0, 0);
  return [budget('day', 'usd', ceiling, store.chargedSince(midnight))];
}

function runBudgets(store: Store, runId: string): Result['budgets'] {
  const { spec, charged } = readRun(store, runId);
  return (['usd', 'tokens'] as const).flatMap((unit) => {
    const ceiling = spec.budget[unit];
    return ceiling === null ? [] : [budget(runId, unit, ceiling, charged[unit])];
  });
}

function budget(of: string, unit: 'usd' | 'tokens', ceiling: number, charged: number) {
  const left = Math.max(0, ceiling - charged);
  return { of, unit, ceiling, charged: writtenUsd(charged), left: writtenUsd(left) };
}

/** `7d`, `12h`: so long ago. A date, alone or with a time: from then on. */
function sinceOf(text: string, now: number): number {
  const ago = durationMs(text);
  if (ago !== null) return now - ago;
  const isDate = /^\d{4}-\d{2}-\d{2}$/.test(text);
  // A date alone is midnight here, as the day of a budget is.
  const at = Date.parse(isDate ? `${text}T00:00` : text);
  if (!Number.isNaN(at) && /^\d{4}-/.test(text)) return at;
  throw new MoError({
    code: 'bad-input',
    what: `since is "${text}", which is neither a time ago nor a date.`,
    fix: 'Send 7d, 12h, or a date like 2026-11-01.',
  });
}
