import { z } from 'zod';
import { runEvent, type Recorded, type RunEvent, type RunSpec } from '../core/event.ts';
import { MoError } from '../core/problem.ts';
import { jsonColumn } from './columns.ts';
import type { Database } from './database.ts';
import type { RunNumber } from './run-number.ts';

export type EventTable = {
  /** Events after `seq`, oldest first. */
  readEvents: (runId: string, seq: number, limit: number) => Recorded[];
  /** What the run was started with. */
  spec: (runId: string) => RunSpec;
};

export function eventTable(database: Database, numberOf: RunNumber): EventTable {
  const readEvents = (runId: string, seq: number, limit: number): Recorded[] =>
    database
      .all(
        eventRow,
        `SELECT seq, at, epoch, event FROM event WHERE run = @run AND seq > @seq
         ORDER BY seq LIMIT @limit`,
        { run: numberOf(runId), seq, limit },
      )
      .map((row) => ({ runId, ...row }));
  return {
    readEvents,
    spec: (runId) => {
      const event = readEvents(runId, 0, 1)[0]?.event;
      if (event?.type === 'run.created') return event.spec;
      const reason = `${runId} does not begin with run.created`;
      throw new MoError({ code: 'store-corrupt', file: database.file, reason });
    },
  };
}

/** `seq` is the number of the first one. */
export function insertEvents(
  database: Database,
  written: { run: number; seq: number; at: number; epoch: number; events: readonly RunEvent[] },
): void {
  const { run, at, epoch } = written;
  for (const [index, event] of written.events.entries()) {
    database.run(
      'INSERT INTO event (run, seq, at, epoch, event) VALUES (@run, @seq, @at, @epoch, @event)',
      { run, seq: written.seq + index, at, epoch, event: JSON.stringify(event) },
    );
  }
}

const eventRow = z.object({
  seq: z.number(),
  at: z.number(),
  epoch: z.number(),
  event: jsonColumn(runEvent),
});
