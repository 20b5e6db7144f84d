import type { Verdict } from '../core/gate.ts';
import type { Run } from '../core/run.ts';
import { readProof } from './receipt-truth.ts';
import type { Engine } from './engine.ts';

/**
 * The commands that the only node of a run has passed on this very tree: there they need not run again. Where several nodes have made
 * the tree, what each has proved says nothing about the whole.
 */
export async function provedCommands(engine: Engine, run: Run, tree: string): Promise<Verdict[]> {
  const [node, ...others] = run.nodes.values();
  if (node === undefined || others.length > 0) return [];
  const row = engine.store
    .receipts(run.spec.runId)
    .find((one) => one.node === node.spec.name && one.tree === tree && !one.stale);
  const proof = row === undefined ? null : await readProof(engine, row);
  if (proof === null || typeof proof === 'string') return [];
  return proof.verdicts.filter(({ gate }) => gate === 'command');
}
