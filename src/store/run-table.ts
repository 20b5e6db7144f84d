import { z } from 'zod';
import { MoError } from '../core/problem.ts';
import { runView, type RunView } from '../core/view.ts';
import { jsonColumn } from './columns.ts';
import type { Database } from './database.ts';

export type RunRow = {
  runId: string;
  number: number;
  name: string;
  goal: string;
  createdAt: number;
  lastSeq: number;
  view: RunView;
};

export type RunTable = {
  /** Throws when there is no such run; so do all that take a run id, `runIfAny` and `resolveRun` aside. */
  run: (runId: string) => RunRow;
  runIfAny: (runId: string) => RunRow | null;
  runNumbered: (number: number) => RunRow | null;
  /** The run that a person means by `r-7`, `7` or the whole id; null when there is none. */
  resolveRun: (text: string) => string | null;
  /** Newest first. `before`: the number of the last run of the page before, or null. */
  listRuns: (page: { limit: number; before: number | null }) => RunRow[];
  /** Runs that are not over, oldest first. */
  activeRuns: () => RunRow[];
  view: (runId: string) => RunView;
  lastSeq: (runId: string) => number;
};

export function runTable(database: Database): RunTable {
  const one = (where: string, values: Record<string, string | number>): RunRow | null =>
    database.get(runRow, `${select} WHERE ${where}`, values);
  const runIfAny = (runId: string): RunRow | null => one('run_id = @runId', { runId });
  const runNumbered = (number: number): RunRow | null => one('number = @number', { number });
  return {
    run: (runId) => runIfAny(runId) ?? notFound(runId),
    runIfAny,
    runNumbered,
    resolveRun: (text) => {
      const [, number, rest = ''] = /^(?:r-)?([0-9]{1,9})(-[a-z0-9-]*)?$/.exec(text.trim()) ?? [];
      if (number === undefined) return null;
      const runId = runNumbered(Number(number))?.runId ?? null;
      // A slug that is given has to fit: the id may be that of a run of another project.
      return runId?.startsWith(`r-${number}${rest}`) === true ? runId : null;
    },
    listRuns: ({ limit, before }) =>
      database.all(runRow, `${select} WHERE number < @before ORDER BY number DESC LIMIT @limit`, {
        limit,
        before: before ?? Number.MAX_SAFE_INTEGER,
      }),
    activeRuns: () =>
      database.all(
        runRow,
        `${select} WHERE number IN
           (SELECT run FROM run_view WHERE state IN ('running', 'needs', 'paused', 'stopping'))
         ORDER BY number`,
      ),
    view: (runId) => database.get(viewRow, selectView, { runId })?.view ?? notFound(runId),
    lastSeq: (runId) => database.get(seqRow, selectSeq, { runId })?.last_seq ?? notFound(runId),
  };
}

/** The number the next run gets, beyond all there ever were. */
export function nextRunNumber(database: Database): number {
  const row = z.object({ seq: z.number() });
  const last = database.get(row, "SELECT seq FROM sqlite_sequence WHERE name = 'run'");
  return (last?.seq ?? 0) + 1;
}

export function runOfClientKey(database: Database, clientKey: string): string | null {
  const row = z.object({ run_id: z.string() });
  const sql = 'SELECT run_id FROM run WHERE client_key = @clientKey';
  return database.get(row, sql, { clientKey })?.run_id ?? null;
}

export function insertRun(
  database: Database,
  run: Omit<RunRow, 'lastSeq'> & { clientKey: string | null },
): void {
  const { runId, number, name, goal, createdAt, clientKey } = run;
  database.run(
    `INSERT INTO run (number, run_id, client_key, name, goal, created_at)
     VALUES (@number, @runId, @clientKey, @name, @goal, @createdAt)`,
    { runId, number, name, goal, createdAt, clientKey },
  );
  database.run(
    'INSERT INTO run_view (run, last_seq, state, view) VALUES (@number, 0, @state, @view)',
    { number, state: run.view.state, view: JSON.stringify(run.view) },
  );
}

export function updateView(
  database: Database,
  run: { number: number; lastSeq: number; view: RunView },
): void {
  database.run(
    'UPDATE run_view SET last_seq = @lastSeq, state = @state, view = @view WHERE run = @number',
    {
      number: run.number,
      lastSeq: run.lastSeq,
      state: run.view.state,
      view: JSON.stringify(run.view),
    },
  );
}

const select = `SELECT number, run_id, name, goal, created_at, last_seq, view
  FROM run JOIN run_view ON run_view.run = run.number`;
const selectView = `SELECT view FROM run_view
  WHERE run = (SELECT number FROM run WHERE run_id = @runId)`;
const selectSeq = `SELECT last_seq FROM run_view
  WHERE run = (SELECT number FROM run WHERE run_id = @runId)`;

const viewRow = z.object({ view: jsonColumn(runView) });
const seqRow = z.object({ last_seq: z.number() });
const runRow = z
  .object({
    number: z.number(),
    run_id: z.string(),
    name: z.string(),
    goal: z.string(),
    created_at: z.number(),
    last_seq: z.number(),
    view: jsonColumn(runView),
  })
  .transform(({ run_id, created_at, last_seq, ...row }): RunRow => ({
    ...row,
    runId: run_id,
    createdAt: created_at,
    lastSeq: last_seq,
  }));

function notFound(runId: string): never {
  throw new MoError({ code: 'run-not-found', runId });
}
