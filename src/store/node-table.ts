import { z } from 'zod';
import { nodeView, type NodeView } from '../core/view.ts';
import { jsonColumn } from './columns.ts';
import type { Database } from './database.ts';
import type { RunNumber } from './run-number.ts';

/** `item`: what it was made for; null for one that was written down before that was kept. */
export type FailedItem = { node: string; item: string | null };

export type NodeTable = {
  node: (runId: string, node: string) => NodeView | null;
  /** Whether a node is an item of a map. */
  isItem: (runId: string, node: string) => boolean;
  /** In the order they were declared or added. */
  nodes: (runId: string, limit: number) => NodeView[];
  /** The same without the items of maps. */
  others: (runId: string, limit: number) => NodeView[];
  /** Nodes that changed after event `seq`, in the order of their last change. */
  nodesSince: (runId: string, seq: number, limit: number) => NodeView[];
  /** The same without the items of maps. */
  othersSince: (runId: string, seq: number, limit: number) => NodeView[];
  /** The first items of a map that have failed. */
  failedItems: (runId: string, map: string, limit: number) => FailedItem[];
  /** In the order they were declared or added. */
  nodeNames: (runId: string) => string[];
};

export function nodeTable(database: Database, numberOf: RunNumber): NodeTable {
  const views = (sql: string, values: Record<string, number>): NodeView[] =>
    database.all(viewRow, sql, values).map(({ view }) => view);
  return {
    node: (runId, node) =>
      database.get(viewRow, 'SELECT view FROM node WHERE run = @run AND node = @node', {
        run: numberOf(runId),
        node,
      })?.view ?? null,
    isItem: (runId, node) =>
      database.get(
        itemRow,
        'SELECT item_of FROM node WHERE run = @run AND node = @node AND item_of IS NOT NULL',
        { run: numberOf(runId), node },
      ) !== null,
    nodes: (runId, limit) =>
      views('SELECT view FROM node WHERE run = @run ORDER BY place LIMIT @limit', {
        run: numberOf(runId),
        limit,
      }),
    others: (runId, limit) =>
      views(
        'SELECT view FROM node WHERE run = @run AND item_of IS NULL ORDER BY place LIMIT @limit',
        { run: numberOf(runId), limit },
      ),
    nodesSince: (runId, seq, limit) =>
      views(
        `SELECT view FROM node WHERE run = @run AND updated_seq > @seq
         ORDER BY updated_seq, place LIMIT @limit`,
        { run: numberOf(runId), seq, limit },
      ),
    othersSince: (runId, seq, limit) =>
      views(
        `SELECT view FROM node WHERE run = @run AND updated_seq > @seq AND item_of IS NULL
         ORDER BY updated_seq, place LIMIT @limit`,
        { run: numberOf(runId), seq, limit },
      ),
    failedItems: (runId, map, limit) =>
      database.all(
        failedRow,
        `SELECT node, json_extract(view, '$.item') AS item FROM node
           WHERE run = @run AND item_of = @map AND json_extract(view, '$.state') = 'failed'
           ORDER BY place LIMIT @limit`,
        { run: numberOf(runId), map, limit },
      ),
    nodeNames: (runId) =>
      database
        .all(nameRow, 'SELECT node FROM node WHERE run = @run ORDER BY place', {
          run: numberOf(runId),
        })
        .map(({ node }) => node),
  };
}

/** A node that is new gets the next place. */
export function putNodes(
  database: Database,
  changed: { run: number; seq: number; nodes: readonly NodeView[] },
): void {
  for (const view of changed.nodes) {
    database.run(
      `INSERT INTO node (run, node, place, updated_seq, role, item_of, view)
       VALUES (@run, @node,
               (SELECT coalesce(max(place), 0) + 1 FROM node WHERE run = @run),
               @seq, @role, @itemOf, @view)
       ON CONFLICT (run, node) DO UPDATE
         SET updated_seq = excluded.updated_seq, role = excluded.role, item_of = excluded.item_of,
             view = excluded.view`,
      {
        run: changed.run,
        seq: changed.seq,
        node: view.name,
        role: view.role,
        itemOf: view.itemOf,
        view: JSON.stringify(view),
      },
    );
  }
}

const viewRow = z.object({ view: jsonColumn(nodeView) });
const itemRow = z.object({ item_of: z.string() });
const nameRow = z.object({ node: z.string() });
const failedRow = nameRow.extend({ item: z.string().nullable() });
