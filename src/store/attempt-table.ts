import { z } from 'zod';
import {
  attemptSummary,
  checkpoint,
  endClass,
  processId,
  route,
  type AttemptSummary,
  type Checkpoint,
  type EndClass,
  type ProcessId,
  type Route,
} from '../core/worker.ts';
import type { RunEvent } from '../core/event.ts';
import { jsonColumn } from './columns.ts';
import type { Database } from './database.ts';
import type { RunNumber } from './run-number.ts';

export type AttemptKey = { runId: string; node: string; attempt: number };

type AttemptRow = {
  node: string;
  attempt: number;
  /** null: a command of the workflow. */
  route: Route | null;
  /** null until it is known to run. */
  process: ProcessId | null;
  startedAt: number;
  endedAt: number | null;
  session: string | null;
  endClass: EndClass | null;
};

/** `version` grows with every change of a summary of the run. */
type LiveSummary = {
  node: string;
  attempt: number;
  version: number;
  summary: AttemptSummary;
};

export type AttemptTable = {
  /** In the order they were started. */
  attempts: (runId: string) => AttemptRow[];
  getCheckpoint: (key: AttemptKey) => Checkpoint | null;
  getSummary: (key: AttemptKey) => AttemptSummary | null;
  /** Of attempts that have not ended, the last to change first. */
  liveSummaries: (runId: string, limit: number) => LiveSummary[];
  /** USD set aside for attempts of other runs that have not ended, by run; `holder` is who executes it, null when nobody does. */
  reservedByOthers: (runId: string) => { holder: ProcessId | null; usd: number }[];
  /** The highest version of any summary of the run; 0 before the first. */
  summaryVersion: (runId: string) => number;
};

export function attemptTable(database: Database, numberOf: RunNumber): AttemptTable {
  const keyValues = ({ runId, node, attempt }: AttemptKey) => ({
    run: numberOf(runId),
    node,
    attempt,
  });
  return {
    attempts: (runId) =>
      database.all(
        attemptRow,
        `SELECT node, attempt, route, process, started_at, ended_at, session, end_class
         FROM attempt WHERE run = @run ORDER BY rowid`,
        { run: numberOf(runId) },
      ),
    getCheckpoint: (key) => {
      const found = database.get(
        checkpointRow,
        'SELECT checkpoint, summary FROM attempt WHERE run = @run AND node = @node AND attempt = @attempt',
        keyValues(key),
      );
      if (found === null || found.checkpoint === null || found.summary === null) return null;
      return { ...found.checkpoint, summary: found.summary };
    },
    getSummary: (key) =>
      database.get(
        summaryRow,
        'SELECT summary FROM attempt WHERE run = @run AND node = @node AND attempt = @attempt',
        keyValues(key),
      )?.summary ?? null,
    liveSummaries: (runId, limit) =>
      database.all(
        liveRow,
        `SELECT node, attempt, version, summary FROM attempt
         WHERE run = @run AND ended_at IS NULL AND version > 0 ORDER BY version DESC LIMIT @limit`,
        { run: numberOf(runId), limit },
      ),
    reservedByOthers: (runId) =>
      database.all(
        reservedRow,
        `SELECT holder, sum(reserved_usd) AS usd FROM attempt JOIN lease ON lease.run = attempt.run
         WHERE ended_at IS NULL AND reserved_usd > 0 AND attempt.run <> @run GROUP BY attempt.run`,
        { run: numberOf(runId) },
      ),
    summaryVersion: (runId) =>
      database.get(
        versionRow,
        'SELECT coalesce(max(version), 0) AS version FROM attempt WHERE run = @run',
        { run: numberOf(runId) },
      )?.version ?? 0,
  };
}

type AttemptEvent<Type> = Extract<RunEvent, { type: Type }>;

export function insertAttempt(
  database: Database,
  run: number,
  event: AttemptEvent<'attempt.started'>,
  at: number,
): void {
  const { node, attempt, reserved } = event;
  const chosen = event.route === null ? null : JSON.stringify(event.route);
  database.run(
    `INSERT INTO attempt (run, node, attempt, route, started_at, reserved_usd)
     VALUES (@run, @node, @attempt, @chosen, @at, @reserved)`,
    { run, node, attempt, chosen, at, reserved: reserved.usd },
  );
}

export function setProcess(
  database: Database,
  run: number,
  event: AttemptEvent<'attempt.spawned' | 'attempt.adopted'>,
): void {
  const { node, attempt } = event;
  database.run(
    `UPDATE attempt SET process = @process
     WHERE run = @run AND node = @node AND attempt = @attempt`,
    { run, node, attempt, process: JSON.stringify(event.process) },
  );
}

/** What the parser remembered of the raw stream is of no use any more, and nobody has redacted it: it goes with the end. */
export function endAttempt(
  database: Database,
  run: number,
  event: AttemptEvent<'attempt.ended'>,
  at: number,
): void {
  const { node, attempt, ending } = event;
  const key = { run, node, attempt };
  // Not json_set: SQLite refuses JSON that is nested deeper than a worker's answer may be.
  const kept = database.get(
    keptCheckpoint,
    'SELECT checkpoint FROM attempt WHERE run = @run AND node = @node AND attempt = @attempt',
    key,
  )?.checkpoint;
  const forgotten = kept == null ? null : JSON.stringify({ ...kept, parser: null });
  database.run(
    `UPDATE attempt SET ended_at = @at, session = @session, end_class = @endedAs, checkpoint = @checkpoint
     WHERE run = @run AND node = @node AND attempt = @attempt`,
    { ...key, at, session: ending.session, endedAs: ending.class, checkpoint: forgotten },
  );
}

const keptCheckpoint = z.object({ checkpoint: jsonColumn(z.looseObject({})).nullable() });

/** The parser's memory can be large, the summary is small and read often: a column each. */
export function putCheckpoint(
  database: Database,
  key: { run: number; node: string; attempt: number },
  saved: Checkpoint,
): void {
  const { summary, ...rest } = saved;
  const changed = database.run(
    `UPDATE attempt
     SET checkpoint = @checkpoint, summary = @summary,
         version = (SELECT coalesce(max(version), 0) + 1 FROM attempt WHERE run = @run)
     WHERE run = @run AND node = @node AND attempt = @attempt`,
    { ...key, checkpoint: JSON.stringify(rest), summary: JSON.stringify(summary) },
  );
  if (changed === 0) {
    throw new Error(`checkpoint of ${key.node}/${key.attempt} before attempt.started`);
  }
}

const attemptRow = z
  .object({
    node: z.string(),
    attempt: z.number(),
    route: jsonColumn(route).nullable(),
    process: jsonColumn(processId).nullable(),
    started_at: z.number(),
    ended_at: z.number().nullable(),
    session: z.string().nullable(),
    end_class: endClass.nullable(),
  })
  .transform(({ started_at, ended_at, end_class, ...row }): AttemptRow => ({
    ...row,
    startedAt: started_at,
    endedAt: ended_at,
    endClass: end_class,
  }));
const checkpointRow = z.object({
  checkpoint: jsonColumn(checkpoint.omit({ summary: true })).nullable(),
  summary: jsonColumn(attemptSummary).nullable(),
});
const summaryRow = z.object({ summary: jsonColumn(attemptSummary).nullable() });
const liveRow = z.object({
  node: z.string(),
  attempt: z.number(),
  version: z.number(),
  summary: jsonColumn(attemptSummary),
});
const reservedRow = z.object({ holder: jsonColumn(processId).nullable(), usd: z.number() });
const versionRow = z.object({ version: z.number() });
