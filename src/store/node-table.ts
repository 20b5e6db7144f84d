import { z } from 'zod';
import { nodeView, type NodeView } from '../core/view.ts';
import { jsonColumn } from './columns.ts';
import type { Database } from './database.ts';
import type { RunNumber } from './run-number.ts';

export type ItemCount = { map: string; state: NodeView['state']; count: number };

export type NodeTable = {
  node: (runId: string, node: string) => NodeView | null;
  /** In the order they were declared or added. */
  nodes: (runId: string, limit: number) => NodeView[];
  /** Nodes that changed after event `seq`, in the order of their last change. */
  nodesSince: (runId: string, seq: number, limit: number) => NodeView[];
  /** The same without the items of maps, which are counted. */
  othersSince: (runId: string, seq: number, limit: number) => NodeView[];
  /** How many items of each map are in each state, in the order of the maps' first items. */
  itemCounts: (runId: string) => ItemCount[];
  /** The first items of a map that have failed. */
  failedItems: (runId: string, map: string, limit: number) => string[];
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
    nodes: (runId, limit) =>
      views('SELECT view FROM node WHERE run = @run ORDER BY place LIMIT @limit', {
        run: numberOf(runId),
        limit,
      }),
    nodesSince: (runId, seq, limit) =>
      views(
        `SELECT view FROM node WHERE run = @run AND updated_seq > @seq
         ORDER BY updated_seq, place LIMIT @limit`,
        { run: numberOf(runId), seq, limit },
      ),
    othersSince: (runId, seq, limit) =>
      views(
        `SELECT view FROM node WHERE run = @run AND updated_seq > @seq AND ${itemOf} IS NULL
         ORDER BY updated_seq, place LIMIT @limit`,
        { run: numberOf(runId), seq, limit },
      ),
    itemCounts: (runId) =>
      database.all(
        countRow,
        `SELECT ${itemOf} AS map, json_extract(view, '$.state') AS state, count(*) AS count
         FROM node WHERE run = @run AND ${itemOf} IS NOT NULL
         GROUP BY 1, 2 ORDER BY min(place)`,
        { run: numberOf(runId) },
      ),
    failedItems: (runId, map, limit) =>
      database
        .all(
          nameRow,
          `SELECT node FROM node
           WHERE run = @run AND ${itemOf} = @map AND json_extract(view, '$.state') = 'failed'
           ORDER BY place LIMIT @limit`,
          { run: numberOf(runId), map, limit },
        )
        .map(({ node }) => node),
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
      `INSERT INTO node (run, node, place, updated_seq, role, view)
       VALUES (@run, @node,
               (SELECT coalesce(max(place), 0) + 1 FROM node WHERE run = @run),
               @seq, @role, @view)
       ON CONFLICT (run, node) DO UPDATE
         SET updated_seq = excluded.updated_seq, role = excluded.role, view = excluded.view`,
      {
        run: changed.run,
        seq: changed.seq,
        node: view.name,
        role: view.role,
        view: JSON.stringify(view),
      },
    );
  }
}

const viewRow = z.object({ view: jsonColumn(nodeView) });
const itemOf = "json_extract(view, '$.itemOf')";
const countRow = z.object({
  map: z.string(),
  state: nodeView.shape.state,
  count: z.number().int(),
});
const nameRow = z.object({ node: z.string() });
