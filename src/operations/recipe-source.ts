import { join } from 'node:path';
import { didYouMean } from '../core/closest.ts';
import { MoError } from '../core/problem.ts';
import { packageRoot } from '../platform/package-root.ts';
import {
  commandsOfRecipe,
  projectRecipes,
  readRecipeFiles,
  type RecipeFile,
} from '../platform/recipe-files.ts';
import { isTrusted } from '../platform/trust.ts';
import { inputLines, recipeHead } from '../workflow/recipes.ts';
import type { OperationContext } from './context.ts';

/** `of`: whose it is. The commands of a project's own recipe count only once they are trusted. */
type Recipe = RecipeFile & { of: 'mo' | 'project' };

/** The recipes there are as files, by name; one of the project takes the place of one of mo. */
export async function readRecipes(root: string): Promise<Map<string, Recipe>> {
  const [shipped, own] = await Promise.all([
    readRecipeFiles(join(packageRoot(), 'prompt-pack', 'recipes')),
    readRecipeFiles(projectRecipes(root)),
  ]);
  const recipes = new Map<string, Recipe>();
  for (const one of shipped) recipes.set(one.name, { ...one, of: 'mo' });
  for (const one of own) {
    // Plan and review of a goal are made by mo itself.
    if (one.name !== 'do') recipes.set(one.name, { ...one, of: 'project' });
  }
  return recipes;
}

/** Commands of a project's recipe that nobody has trusted as the file is now. */
export type Untrusted = { file: string; commands: readonly string[] };

/** Throws `bad-input` with the nearest name where there is no such recipe. */
export async function findRecipe(name: string, context: OperationContext): Promise<Recipe> {
  const { root } = await context.project();
  const recipes = await readRecipes(root);
  const found = recipes.get(name);
  if (found !== undefined) return found;
  const known = ['do', ...recipes.keys()];
  throw new MoError({
    code: 'bad-input',
    what: `There is no recipe ${name.slice(0, 64)}.`,
    fix: didYouMean(name, known) ?? `There are: ${known.join(', ')}.`,
  });
}

/** null: it may run. What comes with mo needs no trust. */
export async function untrustedOf(
  recipe: Recipe,
  context: OperationContext,
): Promise<Untrusted | null> {
  if (recipe.of === 'mo') return null;
  const commands = await commandsOfRecipe(recipe);
  if (commands.length === 0 || (await isTrusted(recipe.file, recipe.text, context.env)))
    return null;
  return { file: recipe.file, commands };
}

/** Every recipe with its inputs, as lines. */
export async function recipeLines(context: OperationContext): Promise<string[]> {
  const { root } = await context.project();
  const recipes = [...(await readRecipes(root)).values()];
  const lines = await Promise.all(recipes.map(async (recipe) => linesOf(recipe, context)));
  return [...linesOfDo, ...lines.flat()];
}

async function linesOf(recipe: Recipe, context: OperationContext): Promise<string[]> {
  const head = recipeHead(recipe.text);
  const untrusted = await untrustedOf(recipe, context);
  return [
    `${recipe.name}: ${head.description}${recipe.of === 'mo' ? '' : ' [of this project]'}`,
    ...inputLines(head).map((line) => `  ${line}`),
    ...(untrusted === null
      ? []
      : [
          `  not trusted yet: ${untrusted.commands.join('; ')}. Read ${recipe.file}, then: mo trust`,
        ]),
  ];
}

const linesOfDo = [
  'do: A planner cuts the goal into nodes, agents do them in parallel, a reviewer judges the whole, gates verify, the result lands on one branch.',
  '  goal (string, required): What is wanted, in plain language',
  '  provider, planner, worker, reviewer (string): Who does it, such as claude or claude:fast',
  '  model (string): Of the provider',
  '  gates (list): Commands the result must pass; those of mo.yaml unless said',
  '  timeout (string): Of one attempt',
  '  max_cycles (number, default 5): Rounds of review',
  '  confirm (string, default "yes"): ask waits with the plan',
];
