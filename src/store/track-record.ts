import { z } from 'zod';
import type { Outcome, TrackRecord } from '../core/track-record.ts';
import { route } from '../core/worker.ts';
import type { Database } from './database.ts';

export type TrackRecordReads = {
  /** Of the last 5,000 attempts that were done, by role and route. */
  trackRecord: () => TrackRecord[];
  /** Of the last 5,000 attempts that neither a vendor's limit, a network nor a person ended, by role and route. */
  outcomes: () => Outcome[];
};

/** The ledger knows the model that answered, the attempt the one that was asked for: a route is what was asked for. */
export function trackRecordReads(database: Database): TrackRecordReads {
  return {
    trackRecord: () =>
      database.all(
        trackRow,
        `WITH done AS (
           SELECT spend.role, spend.usd, spend.ended_at - spend.started_at AS ms,
                  spend.provider, spend.profile,
                  json_extract(attempt.route, '$.model') AS model,
                  json_extract(attempt.route, '$.effort') AS effort,
                  json_extract(attempt.route, '$.mode') AS mode
           FROM spend JOIN attempt USING (run, node, attempt)
           WHERE spend.end_class = 'done' AND spend.provider IS NOT NULL
           ORDER BY spend.ended_at DESC LIMIT 5000
         ), ranked AS (
           SELECT *, count(*) OVER one AS attempts, count(usd) OVER one AS priced,
                  row_number() OVER (one ORDER BY ms) AS ms_rank,
                  row_number() OVER (one ORDER BY usd NULLS LAST) AS usd_rank
           FROM done WINDOW one AS (PARTITION BY role, provider, profile, model, effort, mode)
         )
         SELECT role, provider, profile, model, effort, mode, max(attempts) AS attempts,
                max(CASE WHEN ms_rank = (attempts + 1) / 2 THEN ms END) AS ms_median,
                max(CASE WHEN ms_rank = (attempts * 4 + 4) / 5 THEN ms END) AS ms_p80,
                max(CASE WHEN usd_rank = (priced + 1) / 2 THEN usd END) AS usd_median,
                max(CASE WHEN usd_rank = (priced * 4 + 4) / 5 THEN usd END) AS usd_p80
         FROM ranked GROUP BY role, provider, profile, model, effort, mode`,
      ),
    outcomes: () =>
      database.all(
        outcomeRow,
        `WITH own AS (
           SELECT spend.role, spend.provider, spend.profile,
                  json_extract(attempt.route, '$.model') AS model,
                  json_extract(attempt.route, '$.effort') AS effort,
                  json_extract(attempt.route, '$.mode') AS mode,
                  receipt.digest IS NOT NULL AS is_verified
           FROM spend JOIN attempt USING (run, node, attempt)
           LEFT JOIN receipt USING (run, node, attempt)
           WHERE spend.provider IS NOT NULL AND spend.end_class IN
             ('done', 'refused', 'context', 'timeout', 'output-limit', 'incomplete', 'crashed')
           ORDER BY spend.ended_at DESC LIMIT 5000
         )
         SELECT role, provider, profile, model, effort, mode,
                count(*) AS tried, sum(is_verified) AS verified
         FROM own GROUP BY role, provider, profile, model, effort, mode`,
      ),
  };
}

const outcomeRow = route
  .extend({ role: z.string(), tried: z.number(), verified: z.number() })
  .transform(({ role, tried, verified, ...asked }): Outcome => ({
    role,
    route: asked,
    tried,
    verified,
  }));

const trackRow = route
  .extend({
    role: z.string(),
    attempts: z.number(),
    ms_median: z.number(),
    ms_p80: z.number(),
    usd_median: z.number().nullable(),
    usd_p80: z.number().nullable(),
  })
  .transform(
    ({ role, attempts, ms_median, ms_p80, usd_median, usd_p80, ...asked }): TrackRecord => ({
      role,
      route: asked,
      attempts,
      ms: { median: ms_median, p80: ms_p80 },
      usd: usd_median === null || usd_p80 === null ? null : { median: usd_median, p80: usd_p80 },
    }),
  );
