import type { Json } from '../core/json.ts';
import type { NodeSpec } from '../core/node.ts';
import { handedOver } from '../core/map-progress.ts';
import type { Run } from '../core/run.ts';
import { tokensOf } from '../core/spend.ts';
import { compileExpression, type ReadSource, type Values } from '../workflow/expression.ts';

/** `seen`: what the expression looked at, `review.blocking_count = 2`, for whoever wants to know why. */
export type Weighed =
  | { ok: true; value: Json; seen: readonly string[] }
  | { ok: false; message: string };

/** An expression of a node over what the nodes it needs have handed over. */
export async function weighExpression(text: string, run: Run, node: NodeSpec): Promise<Weighed> {
  const compiled = await compileExpression(text);
  if ('error' in compiled) return { ok: false, message: compiled.error.what };
  const values = valuesFor(run, node);
  const outcome = compiled.expression.evaluate(values);
  if ('error' in outcome) return { ok: false, message: outcome.error };
  return { ok: true, value: outcome.value, seen: compiled.expression.seen(values) };
}

/** The items `over` of a map stands for, read in what the run has so far. Throws MoError for a file that is not there. */
export async function listItems(
  text: string,
  run: Run,
  wish: { node: NodeSpec; read: ReadSource },
): Promise<{ items: readonly Json[] } | { error: string }> {
  const compiled = await compileExpression(text, { hasSources: true });
  if ('error' in compiled) return { error: compiled.error.what };
  const outcome = await compiled.expression.evaluateList(valuesFor(run, wish.node), wish.read);
  if ('error' in outcome) return outcome;
  return Array.isArray(outcome.value) ? { items: outcome.value } : { error: 'it gives no list.' };
}

/** What the expressions of a node are evaluated over. A node that was skipped has handed over nothing, which is null. */
function valuesFor(run: Run, node: NodeSpec): Values {
  const { spec, settled } = run;
  return {
    nodes: new Map(node.needs.map((need) => [need, handedOver(run, need)])),
    inputs: spec.inputs,
    run: {
      id: spec.runId,
      goal: spec.goal,
      cycles: run.cycles.length,
      usd: settled.usd ?? 0,
      tokens: tokensOf(settled),
    },
  };
}
