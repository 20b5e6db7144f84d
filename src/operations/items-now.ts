import { MoError } from '../core/problem.ts';
import type { NodeSpec } from '../core/node.ts';
import { inFolder, inTree, listSource, type Place } from '../engine/list-source.ts';
import { createGit } from '../git/git.ts';
import type { ReadSource } from '../workflow/expression.ts';
import { itemsNow, type ItemsNow } from '../workflow/items-now.ts';
import type { OperationContext } from './context.ts';
import type { ReadyWorkflow } from './workflow-source.ts';

/** What every map of a workflow would go over if it ran now, on what is committed. */
export async function itemsOfMaps(
  { nodes, inputs }: Pick<ReadyWorkflow, 'nodes' | 'inputs'>,
  context: OperationContext,
): Promise<Map<string, ItemsNow>> {
  const maps = nodes.filter(({ map }) => map !== null);
  if (maps.length === 0) return new Map();
  const read = listSource(await placeNow(context));
  const found = maps.map(async (map): Promise<[string, ItemsNow]> => [
    map.name,
    await itemsOf(map, inputs, read),
  ]);
  return new Map(await Promise.all(found));
}

async function itemsOf(
  map: NodeSpec,
  inputs: ReadyWorkflow['inputs'],
  read: ReadSource,
): Promise<ItemsNow> {
  try {
    return await itemsNow(map, inputs, read);
  } catch (error) {
    // A file may still be made by a node before the map.
    if (!(error instanceof MoError) || error.problem.code !== 'bad-input') throw error;
    return { kind: 'wrong', error: error.problem.what };
  }
}

/** Every file that a run which starts now would find. */
export async function filesNow(context: OperationContext): Promise<string[]> {
  return (await placeNow(context)).paths();
}

/** The place a run that starts now would find its items in. */
async function placeNow(context: OperationContext): Promise<Place> {
  const { root, git } = await context.project();
  if (git === null) return inFolder(root);
  const { env, signal } = context;
  return inTree(createGit(root, { env, signal }), git.head);
}
