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
};

export type ReceiptTable = {
  /** Oldest first. */
  receipts: (runId: string) => ReceiptRow[];
  /** The newest of a node. */
  receiptOf: (runId: string, node: string) => ReceiptRow | null;
};

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
  };
}

export function putReceipts(
  database: Database,
  run: number,
  receipts: readonly ReceiptRow[],
): void {
  for (const { commit, ...receipt } of receipts) {
    database.run(
      `INSERT OR REPLACE INTO receipt (run, node, attempt, path, commit_id, tree, digest, created_at)
       VALUES (@run, @node, @attempt, @path, @commitId, @tree, @digest, @createdAt)`,
      { run, commitId: commit, ...receipt },
    );
  }
}

const select = 'SELECT node, attempt, path, commit_id, tree, digest, created_at FROM receipt';

const receiptRow = z
  .object({
    node: z.string(),
    attempt: z.number(),
    path: z.string(),
    commit_id: z.string().nullable(),
    tree: z.string().nullable(),
    digest: z.string(),
    created_at: z.number(),
  })
  .transform(({ commit_id, created_at, ...row }): ReceiptRow => ({
    ...row,
    commit: commit_id,
    createdAt: created_at,
  }));
