import { z } from 'zod';
import type { RunEvent } from '../core/event.ts';
import { MoError } from '../core/problem.ts';
import { noSpend, type Spend } from '../core/spend.ts';
import { endClass, route, type EndClass } from '../core/worker.ts';
import { jsonColumn } from './columns.ts';
import type { Database } from './database.ts';

/** One settled attempt. `provider` is null for commands of the workflow. */
type SpendRow = {
  runId: string;
  node: string;
  attempt: number;
  role: string;
  provider: string | null;
  profile: string | null;
  /** The model that answered; else the one that was asked for. */
  model: string | null;
  spend: Spend;
  startedAt: number;
  endedAt: number;
  endClass: EndClass;
};

export type SpendTable = {
  /** USD of all attempts of all runs that ended at or after a time; of one that reported no money, what was set aside for it. */
  chargedSince: (at: number) => number;
  /** All attempts of all runs that worked in a session of a CLI, as far as they have ended. */
  spentInSession: (session: string) => Spend;
  /** Oldest end first. `runId` null: of all runs. */
  spendRows: (wish: { since: number; runId: string | null; limit: number }) => SpendRow[];
};

export function spendTable(database: Database): SpendTable {
  return {
    chargedSince: (at) => chargedSince(database, at),
    spentInSession: (session) =>
      database.get(
        spendColumns,
        `SELECT sum(usd) AS usd, coalesce(sum(input), 0) AS input, coalesce(sum(cached), 0) AS cached,
                coalesce(sum(output), 0) AS output
         FROM attempt JOIN spend USING (run, node, attempt) WHERE session = @session`,
        { session },
      ) ?? noSpend,
    spendRows: ({ since, runId, limit }) =>
      database.all(
        spendRow,
        `SELECT run_id, node, attempt, role, provider, profile, model, usd, input, cached, output,
                started_at, ended_at, end_class
         FROM spend JOIN run ON run.number = spend.run
         WHERE ended_at >= @since AND (@runId IS NULL OR run_id = @runId)
         ORDER BY ended_at, spend.rowid LIMIT @limit`,
        { since, runId, limit },
      ),
  };
}

export type Ceiling = { usd: number; since: number };

/**
 * Throws `day-spent` when what was charged since a time and what is set aside for attempts that have not ended are more than the
 * ceiling, all runs together. Asked in the transaction that sets something aside: two owners that decide at once cannot pass it.
 */
export function checkCeiling(database: Database, { usd: ceiling, since }: Ceiling): void {
  const sql = 'SELECT coalesce(sum(reserved_usd), 0) AS usd FROM attempt WHERE ended_at IS NULL';
  const held = database.get(usdRow, sql)?.usd ?? 0;
  const taken = chargedSince(database, since) + held;
  if (taken <= ceiling + roundingUsd) return;
  throw new MoError({ code: 'day-spent', ceiling, taken });
}

/** Sums of the same amounts in another order differ by less. */
const roundingUsd = 1e-6;

function chargedSince(database: Database, at: number): number {
  const charged = database.get(
    usdRow,
    `SELECT coalesce(sum(coalesce(usd, reserved_usd)), 0) AS usd
     FROM spend LEFT JOIN attempt USING (run, node, attempt) WHERE spend.ended_at >= @at`,
    { at },
  );
  return charged?.usd ?? 0;
}

/** The ledger is written with the event that ends the attempt, so the two can never tell different sums. */
export function putSpend(
  database: Database,
  run: number,
  event: Extract<RunEvent, { type: 'attempt.ended' }>,
  at: number,
): void {
  const { node, attempt, ending } = event;
  const started = database.get(
    startedRow,
    `SELECT started_at, route, (SELECT role FROM node WHERE run = @run AND node = @node) AS role
     FROM attempt WHERE run = @run AND node = @node AND attempt = @attempt`,
    { run, node, attempt },
  );
  database.run(
    `INSERT OR REPLACE INTO spend (run, node, attempt, role, provider, profile, model, usd, input,
                                   cached, output, started_at, ended_at, end_class)
     VALUES (@run, @node, @attempt, @role, @provider, @profile, @model, @usd, @input,
             @cached, @output, @startedAt, @at, @endedAs)`,
    {
      run,
      node,
      attempt,
      role: started?.role ?? 'unknown',
      provider: started?.route?.provider ?? null,
      profile: started?.route?.profile ?? null,
      model: ending.model ?? started?.route?.model ?? null,
      ...ending.spend,
      startedAt: started?.started_at ?? at,
      at,
      endedAs: ending.class,
    },
  );
}

const usdRow = z.object({ usd: z.number() });
const startedRow = z.object({
  started_at: z.number(),
  route: jsonColumn(route).nullable(),
  role: z.string().nullable(),
});
const spendColumns = z.object({
  usd: z.number().nullable(),
  input: z.number(),
  cached: z.number(),
  output: z.number(),
});
const spendRow = spendColumns
  .extend({
    run_id: z.string(),
    node: z.string(),
    attempt: z.number(),
    role: z.string(),
    provider: z.string().nullable(),
    profile: z.string().nullable(),
    model: z.string().nullable(),
    started_at: z.number(),
    ended_at: z.number(),
    end_class: endClass,
  })
  .transform(
    ({
      run_id,
      usd,
      input,
      cached,
      output,
      started_at,
      ended_at,
      end_class,
      ...row
    }): SpendRow => ({
      ...row,
      runId: run_id,
      spend: { usd, input, cached, output },
      startedAt: started_at,
      endedAt: ended_at,
      endClass: end_class,
    }),
  );
