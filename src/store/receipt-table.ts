import { join, dirname } from 'node:path';
import { z } from 'zod';
import type { Database } from './database.ts';
import type { RunNumber } from './run-number.ts';

/** Where a receipt is and what it speaks of; the receipt itself is a file. `digest` is that of the file. */
export type ReceiptRow = {
  node: string;
  attempt: number;
  /** Relative to the project. */
  path: string;
  /** null for nodes that changed nothing outside git. */
  commit: string | null;
  tree: string | null;
  digest: string;
  createdAt: number;
  /** By which other runs find it, see `core/node-key.ts`; null: it speaks for its own run alone. */
  key?: string | null;
};

/** `seq`: the event that rests on it. */
export type KeyedReceipt = Pick<ReceiptRow, 'node' | 'attempt' | 'path' | 'digest'> & {
  runId: string;
  seq: number;
};

/** `stale`: withdrawn, because its node was invalidated. */
type KnownReceipt = ReceiptRow & { stale: boolean };

export type ReceiptTable = {
  /** Oldest first. */
  receipts: (runId: string) => KnownReceipt[];
  /** The newest of a node, whether it still counts or not. */
  receiptOf: (runId: string, node: string) => KnownReceipt | null;
  /** Of other runs, not withdrawn: those of a node of this name first, then the newest. */
  receiptsByKey: (key: string, asking: { runId: string; node: string }) => KeyedReceipt[];
};

/** More that all cannot be used are not looked at. */
const mostKeyed = 20;

export function receiptTable(database: Database, numberOf: RunNumber): ReceiptTable {
  return {
    receipts: (runId) =>
      database.all(receiptRow, `${select} WHERE run = @run ORDER BY rowid`, {
        run: numberOf(runId),
      }),
    receiptOf: (runId, node) =>
      database.get(
        receiptRow,
        `${select} WHERE run = @run AND node = @node ORDER BY attempt DESC LIMIT 1`,
        { run: numberOf(runId), node },
      ),
    receiptsByKey: (key, { runId, node }) =>
      database.all(
        keyedRow,
        `SELECT run.run_id AS runId, node, attempt, path, digest, seq
         FROM receipt JOIN run ON run.number = receipt.run
         WHERE key = @key AND stale = 0 AND receipt.run <> @run AND seq IS NOT NULL
         ORDER BY node = @node DESC, receipt.created_at DESC, receipt.rowid DESC LIMIT @most`,
        { key, run: numberOf(runId), node, most: mostKeyed },
      ),
  };
}

type Proved = {
  run: number;
  receipts: readonly ReceiptRow[];
  /** The number of the event that rests on a receipt; null: none does. */
  seqOf: (receipt: Pick<ReceiptRow, 'node' | 'attempt'>) => number | null;
};

export function putReceipts(database: Database, { run, receipts, seqOf }: Proved): void {
  for (const { commit, key = null, ...receipt } of receipts) {
    database.run(
      `INSERT OR REPLACE INTO receipt
         (run, node, attempt, path, commit_id, tree, digest, created_at, key, seq)
       VALUES (@run, @node, @attempt, @path, @commitId, @tree, @digest, @createdAt, @key, @seq)`,
      { run, commitId: commit, key, seq: seqOf(receipt), ...receipt },
    );
  }
}

/** Of these nodes nothing that was proved so far counts any more; the files go where `path` says then. */
export function withdrawReceipts(database: Database, run: number, nodes: readonly string[]): void {
  for (const node of nodes) {
    const current = database.all(
      receiptRow,
      `${select} WHERE run = @run AND node = @node AND stale = 0`,
      { run, node },
    );
    for (const { attempt, path } of current) {
      database.run(
        `UPDATE receipt SET stale = 1, path = @path
         WHERE run = @run AND node = @node AND attempt = @attempt`,
        { run, node, attempt, path: join(dirname(path), 'stale', `${node}-${attempt}.json`) },
      );
    }
  }
}

const select = `SELECT node, attempt, path, commit_id, tree, digest, created_at, stale
  FROM receipt`;

const keyedRow = z.object({
  runId: z.string(),
  node: z.string(),
  attempt: z.number(),
  path: z.string(),
  digest: z.string(),
  seq: z.number(),
});

const receiptRow = z
  .object({
    node: z.string(),
    attempt: z.number(),
    path: z.string(),
    commit_id: z.string().nullable(),
    tree: z.string().nullable(),
    digest: z.string(),
    created_at: z.number(),
    stale: z.number(),
  })
  .transform(({ commit_id, created_at, stale, ...row }): KnownReceipt => ({
    ...row,
    stale: stale === 1,
    commit: commit_id,
    createdAt: created_at,
  }));
