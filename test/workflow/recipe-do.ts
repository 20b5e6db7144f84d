import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { NodeDefaults } from '../../src/core/event.ts';
import type { NodeSpec } from '../../src/core/node.ts';
import type { WorkflowError } from '../../src/core/problem.ts';
import { emittedDefaultsOf, expandWorkflow } from '../../src/workflow/expand.ts';
import { loadWorkflow } from '../../src/workflow/load.ts';
import { usualDefaults } from '../../src/workflow/new-node.ts';
import { writeOut } from '../../src/workflow/write-out.ts';

const file = join(import.meta.dirname, '../../prompt-pack/recipes/do.yaml');

/** Planner and reviewer of the recipe `do`, and what the nodes between get. Throws with what is wrong with the inputs. */
export async function recipeDo(
  inputs: Record<string, unknown> = {},
): Promise<{ plan: NodeSpec; review: NodeSpec; defaults: NodeDefaults }> {
  const given = { goal: 'Split the cart', ...inputs };
  const written = writeOut(await readFile(file, 'utf8'), given);
  if ('errors' in written) throw refusal(written);
  const loaded = await loadWorkflow(written.text, 'do');
  if ('errors' in loaded) throw refusal(loaded);
  const { workflow } = loaded;
  const expanded = expandWorkflow(workflow, given);
  if ('errors' in expanded) throw refusal(expanded);
  const [plan, review] = expanded.nodes;
  if (plan === undefined || review === undefined) throw new Error('the recipe has two nodes');
  return { plan, review, defaults: emittedDefaultsOf(workflow, usualDefaults) };
}

function refusal({ errors }: { errors: readonly WorkflowError[] }): Error {
  return new Error(errors.map(({ where, what }) => `${where}: ${what}`).join('\n'));
}
