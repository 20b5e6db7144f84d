import { z } from 'zod';
import { MoError } from '../core/problem.ts';
import type { Database } from './database.ts';

/** The key of a run in every table. Throws for a run that is not there. */
export type RunNumber = (runId: string) => number;

/** Remembers what it has looked up: a run never changes its number, and every other query starts with it. */
export function runNumbers(database: Database): RunNumber {
  const known = new Map<string, number>();
  return (runId) => {
    const number = known.get(runId) ?? lookUp(database, runId);
    known.set(runId, number);
    return number;
  };
}

function lookUp(database: Database, runId: string): number {
  const row = z.object({ number: z.number() });
  const found = database.get(row, 'SELECT number FROM run WHERE run_id = @runId', { runId });
  if (found === null) throw new MoError({ code: 'run-not-found', runId });
  return found.number;
}
