import { z } from 'zod';
import { readYaml } from '../platform/yaml-text.ts';
import { workflowInput, type WorkflowInput } from './schema.ts';

export type RecipeHead = { description: string; inputs: ReadonlyMap<string, WorkflowInput> };

const head = z.object({
  description: z.string().catch(''),
  inputs: z.record(z.string(), workflowInput).catch({}),
});

/** What a recipe says about itself; nothing where it is broken, which running it tells. */
export function recipeHead(text: string): RecipeHead {
  const source = readYaml(text);
  const read = head.safeParse('errors' in source ? {} : source.value);
  if (!read.success) return { description: '', inputs: new Map() };
  return { description: read.data.description, inputs: new Map(Object.entries(read.data.inputs)) };
}

/** One line for each input: its name, its type, its default or that it has to be given, and what it is. */
export function inputLines({ inputs }: RecipeHead): string[] {
  return [...inputs].map(([name, { type, description, default: usual, required }]) => {
    const must = usual === undefined && (required ?? true);
    const without = usual === undefined || usual === '' ? '' : `, default ${JSON.stringify(usual)}`;
    return `${name} (${type}${must ? ', required' : without})${description === undefined ? '' : `: ${description}`}`;
  });
}
