import { z } from 'zod';
import type { Database } from './database.ts';

export const usageKeys = ['run', 'node', 'day', 'provider', 'model', 'role'] as const;
export type UsageKey = (typeof usageKeys)[number];

/** What attempts cost together, those at work included as far as their CLI has said. */
export type Usage = {
  key: string;
  attempts: number;
  /** At work now. */
  running: number;
  /** Ended, and what they left was not proved. */
  failed: number;
  /** null where no attempt reported money. */
  usd: number | null;
  /** Attempts of agents that reported no money. */
  unpriced: number;
  input: number;
  cached: number;
  output: number;
  /** Of their processes, all together. */
  ms: number;
};

/** What a CLI last said of the window of its plan. `used`: 0 to 1; `resetsAt`: ms since 1970. */
export type QuotaSeen = {
  provider: string;
  profile: string | null;
  status: string;
  used: number | null;
  resetsAt: number | null;
};

export type UsageReads = {
  /** By key, at most `limit` of them: those that cost most first, days newest first. `total` is over all of them. */
  usage: (wish: {
    by: UsageKey;
    since: number;
    runId: string | null;
    now: number;
    limit: number;
  }) => { rows: Usage[]; total: Usage; keys: number };
  /** The newest word of every lane, from its last 50 attempts. */
  quotas: () => QuotaSeen[];
};

export function usageReads(database: Database): UsageReads {
  return {
    usage: ({ by, since, runId, now, limit }) => {
      const values = { since, runId, now };
      const order = by === 'day' ? 'key DESC' : 'usd DESC NULLS LAST, input + output DESC, key';
      const rows = database.all(
        usageRow,
        `${attempts} SELECT ${keyOf[by]} AS key, ${sums} FROM used GROUP BY key ORDER BY ${order} LIMIT @limit`,
        { ...values, limit },
      );
      const sql = `${attempts} SELECT 'total' AS key, ${sums} FROM used`;
      const total = database.get(usageRow, sql, values);
      const counted = `${attempts} SELECT count(DISTINCT ${keyOf[by]}) AS keys FROM used`;
      const keys = database.get(z.object({ keys: z.number() }), counted, values)?.keys ?? 0;
      if (total === null) throw new Error('a sum over nothing is a row all the same');
      return { rows, total, keys };
    },
    quotas: () =>
      database.all(
        quotaRow,
        `WITH seen AS (
           SELECT json_extract(route, '$.provider') AS provider, json_extract(route, '$.profile') AS profile,
                  json_extract(summary, '$.quota') AS quota,
                  row_number() OVER (PARTITION BY json_extract(route, '$.provider'), json_extract(route, '$.profile')
                                     ORDER BY started_at DESC, rowid DESC) AS place
           FROM attempt WHERE route IS NOT NULL AND summary IS NOT NULL
         )
         SELECT provider, profile, json_extract(quota, '$.status') AS status,
                json_extract(quota, '$.used') AS used, json_extract(quota, '$.resetsAt') AS resets_at,
                min(place)
         FROM seen WHERE quota IS NOT NULL AND place <= 50 GROUP BY provider, profile ORDER BY provider, profile`,
      ),
  };
}

const keyOf: Record<UsageKey, string> = {
  run: 'run_id',
  node: "run_id || '/' || node",
  day: "strftime('%Y-%m-%d', ended_at / 1000, 'unixepoch', 'localtime')",
  provider:
    "coalesce(provider || CASE WHEN profile IS NULL THEN '' ELSE ':' || profile END, 'command')",
  model: "CASE WHEN provider IS NULL THEN 'command' ELSE coalesce(model, 'unknown') END",
  role: 'role',
};

/** Charged attempts, and those at work as their last checkpoint tells. */
const attempts = `
WITH ledger AS (
  SELECT run, node, attempt, role, provider, profile, model, usd, input, cached, output,
         started_at, ended_at, end_class
  FROM spend WHERE ended_at >= @since
  UNION ALL
  SELECT attempt.run, attempt.node, attempt, coalesce(node.role, 'unknown'),
         json_extract(route, '$.provider'), json_extract(route, '$.profile'),
         coalesce(json_extract(summary, '$.model'), json_extract(route, '$.model')),
         json_extract(summary, '$.spend.usd'), coalesce(json_extract(summary, '$.spend.input'), 0),
         coalesce(json_extract(summary, '$.spend.cached'), 0),
         coalesce(json_extract(summary, '$.spend.output'), 0), started_at, @now, NULL
  FROM attempt LEFT JOIN node USING (run, node) WHERE ended_at IS NULL
), used AS (
  SELECT ledger.*, run_id,
         end_class IS NULL AS is_running,
         end_class IS NOT NULL AND receipt.attempt IS NULL
           AND NOT (json_extract(node.view, '$.state') = 'gating'
                    AND json_extract(node.view, '$.attempt') = ledger.attempt) AS is_failed
  FROM ledger JOIN run ON run.number = ledger.run
  LEFT JOIN receipt USING (run, node, attempt) LEFT JOIN node USING (run, node)
  WHERE @runId IS NULL OR run_id = @runId
)`;

const sums = `
  count(*) AS attempts, coalesce(sum(is_running), 0) AS running, coalesce(sum(is_failed), 0) AS failed,
  sum(usd) AS usd, coalesce(sum(provider IS NOT NULL AND usd IS NULL), 0) AS unpriced, coalesce(sum(input), 0) AS input,
  coalesce(sum(cached), 0) AS cached, coalesce(sum(output), 0) AS output,
  coalesce(sum(max(0, ended_at - started_at)), 0) AS ms`;

const usageRow = z.object({
  key: z.string(),
  attempts: z.number(),
  running: z.number(),
  failed: z.number(),
  usd: z.number().nullable(),
  unpriced: z.number(),
  input: z.number(),
  cached: z.number(),
  output: z.number(),
  ms: z.number(),
});

const quotaRow = z
  .object({
    provider: z.string(),
    profile: z.string().nullable(),
    status: z.string(),
    used: z.number().nullable(),
    resets_at: z.number().nullable(),
  })
  .transform(({ resets_at, ...row }): QuotaSeen => ({ ...row, resetsAt: resets_at }));
