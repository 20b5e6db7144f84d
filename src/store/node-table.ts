import { z } from 'zod';
import { nodeView, type NodeView } from '../core/view.ts';
import { jsonColumn } from './columns.ts';
import type { Database } from './database.ts';
import type { RunNumber } from './run-number.ts';

export type NodeTable = {
  node: (runId: string, node: string) => NodeView | null;
  /** In the order they were declared or added. */
  nodes: (runId: string, limit: number) => NodeView[];
  /** Nodes that changed after event `seq`, in the order of their last change. */
  nodesSince: (runId: string, seq: number, limit: number) => NodeView[];
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
const nameRow = z.object({ node: z.string() });
