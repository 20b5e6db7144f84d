import type { Run, RunNode } from '../core/run.ts';
import { slotOf } from '../core/slots.ts';
import type { Engine } from './engine.ts';

/** The worktree of a node's last attempt: its own, or one that the items of its map share. */
export function worktreePath({ paths }: Engine, run: Run, { spec, attempts }: RunNode): string {
  const { runId } = run.spec;
  const slot = slotOf({ attempts });
  return spec.itemOf === null || slot === null
    ? paths.worktree(runId, spec.name)
    : paths.slotWorktree(runId, spec.itemOf, slot);
}

/** Every worktree the nodes of the run have worked in, each once, with the last one that did. */
export function worktreesOf(engine: Engine, run: Run): Map<string, RunNode> {
  const found = new Map<string, RunNode>();
  for (const node of run.nodes.values())
    for (const attempt of node.attempts)
      if (attempt.reused === undefined)
        found.set(worktreePath(engine, run, { ...node, attempts: [attempt] }), node);
  return found;
}
