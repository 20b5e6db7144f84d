import { z } from 'zod';
import { signal, type Signal } from '../core/signal.ts';
import { jsonColumn } from './columns.ts';
import type { Database } from './database.ts';
import { checkEpoch } from './lease-table.ts';
import type { RunNumber } from './run-number.ts';

type SignalRow = { id: number; signal: Signal; sentAt: number };

export type SignalTable = {
  /**
   * Signals nobody has handled yet, oldest first. They stay until they are named in the `append` that records what they cause, so
   * that the death of an owner in between loses none.
   */
  takeSignals: (runId: string, epoch: number) => SignalRow[];
  /** Whether an owner has heard it; anybody may ask. */
  isHandled: (runId: string, id: number) => boolean;
  /** How many nobody has handled yet; anybody may ask. */
  pendingSignals: (runId: string) => number;
};

const countRow = z.object({ count: z.number().int() });

export function signalTable(database: Database, numberOf: RunNumber): SignalTable {
  return {
    isHandled: (runId, id) =>
      database.get(
        countRow,
        'SELECT count(*) AS count FROM signal WHERE run = @run AND id = @id AND handled_at IS NOT NULL',
        { run: numberOf(runId), id },
      )?.count === 1,
    pendingSignals: (runId) =>
      database.get(
        countRow,
        'SELECT count(*) AS count FROM signal WHERE run = @run AND handled_at IS NULL',
        { run: numberOf(runId) },
      )?.count ?? 0,
    takeSignals: (runId, epoch) => {
      const run = numberOf(runId);
      checkEpoch(database, { runId, run, epoch });
      return database.all(
        signalRow,
        'SELECT id, signal, sent_at FROM signal WHERE run = @run AND handled_at IS NULL ORDER BY id',
        { run },
      );
    },
  };
}

export function insertSignal(
  database: Database,
  sent: { run: number; signal: Signal; at: number },
): number {
  const row = z.object({ id: z.number() });
  const inserted = database.get(
    row,
    'INSERT INTO signal (run, signal, sent_at) VALUES (@run, @signal, @at) RETURNING id',
    { run: sent.run, signal: JSON.stringify(sent.signal), at: sent.at },
  );
  if (inserted === null) throw new Error('an inserted signal has no id');
  return inserted.id;
}

export function markHandled(
  database: Database,
  handled: { run: number; ids: readonly number[]; at: number },
): void {
  for (const id of handled.ids) {
    database.run(
      'UPDATE signal SET handled_at = @at WHERE run = @run AND id = @id AND handled_at IS NULL',
      { run: handled.run, id, at: handled.at },
    );
  }
}

const signalRow = z
  .object({ id: z.number(), signal: jsonColumn(signal), sent_at: z.number() })
  .transform(({ sent_at, ...row }): SignalRow => ({ ...row, sentAt: sent_at }));
