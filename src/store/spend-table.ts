import { z } from 'zod';
import type { RunEvent } from '../core/event.ts';
import type { Spend } from '../core/spend.ts';
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
  /** All attempts of all runs that ended at or after a time. */
  spentSince: (at: number) => Spend;
  /** Oldest end first. `runId` null: of all runs. */
  spendRows: (wish: { since: number; runId: string | null; limit: number }) => SpendRow[];
};

export function spendTable(database: Database): SpendTable {
  return {
    spentSince: (at) =>
      database.get(
        spendColumns,
        `SELECT sum(usd) AS usd, coalesce(sum(input), 0) AS input, coalesce(sum(cached), 0) AS cached,
                coalesce(sum(output), 0) AS output
         FROM spend WHERE ended_at >= @at`,
        { at },
      ) ?? noRow(),
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

function noRow(): never {
  throw new Error('a sum without a row');
}
