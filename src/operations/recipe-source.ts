import { join, relative } from 'node:path';
import { didYouMean } from '../core/closest.ts';
import { howToTrust, MoError, type WorkflowError } from '../core/problem.ts';
import { packageRoot } from '../platform/package-root.ts';
import {
  commandsOfRecipe,
  projectRecipes,
  readRecipeFiles,
  type RecipeFile,
} from '../platform/recipe-files.ts';
import { isTrusted } from '../platform/trust.ts';
import { recipeProblems } from '../workflow/recipe-problems.ts';
import { inputLines, recipeHead } from '../workflow/recipes.ts';
import type { OperationContext } from './context.ts';

/** `of`: whose it is. The commands of a project's own recipe count only once they are trusted. */
type Recipe = RecipeFile & {
  of: 'mo' | 'project';
  /** The other file that gives it this name: which of the two is meant nobody can know. */
  rival: string | null;
};

/** The recipes there are as files, by name; one of the project takes the place of one of mo. */
export async function readRecipes(root: string): Promise<Map<string, Recipe>> {
  const [shipped, own] = await Promise.all([
    readRecipeFiles(join(packageRoot(), 'prompt-pack', 'recipes')),
    readRecipeFiles(projectRecipes(root)),
  ]);
  const recipes = new Map<string, Recipe>();
  for (const one of shipped) recipes.set(one.name, { ...one, of: 'mo', rival: null });
  for (const one of own) {
    const rival = own.find(({ name, file }) => name === one.name && file !== one.file);
    recipes.set(one.name, { ...one, of: 'project', rival: rival?.file ?? null });
  }
  return recipes;
}

/** Commands of a project's recipe that nobody has trusted as the file is now. */
export type Untrusted = { file: string; commands: readonly string[] };

/** Throws `bad-input` with the nearest name where there is no such recipe, and with both files where two are called so. */
export async function findRecipe(name: string, context: OperationContext): Promise<Recipe> {
  const { root } = await context.project();
  const recipes = await readRecipes(root);
  const found = recipes.get(name);
  if (found !== undefined && found.rival === null) return found;
  if (found !== undefined)
    throw new MoError({
      code: 'bad-input',
      what: `Recipe ${name} ${clashText(found, context)}`,
      fix: clashFix,
    });
  const known = [...recipes.keys()];
  throw new MoError({
    code: 'bad-input',
    what: `There is no recipe ${name.slice(0, 64)}.`,
    fix: didYouMean(name, known) ?? `There are: ${known.join(', ')}.`,
  });
}

/** `is in two files: .mo/recipes/port.yaml and .mo/recipes/port.yml.` */
function clashText({ file, rival }: Recipe, { folder }: OperationContext): string {
  const files = [file, rival ?? file].toSorted().map((path) => relative(folder, path));
  return `is in two files: ${files.join(' and ')}.`;
}

const clashFix = 'Keep one of them, or give one another name.';

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
  return lines.flat();
}

async function linesOf(recipe: Recipe, context: OperationContext): Promise<string[]> {
  if (recipe.rival !== null)
    return [
      `${recipe.name}: [of this project]`,
      `  broken: ${clashText(recipe, context)} ${clashFix}`,
    ];
  const head = recipeHead(recipe.text);
  const untrusted = await untrustedOf(recipe, context);
  const [broken, ...more] = await recipeProblems(recipe.name, recipe.text);
  return [
    [`${recipe.name}:`, head.description, recipe.of === 'mo' ? '' : '[of this project]']
      .filter((part) => part !== '')
      .join(' '),
    ...(broken === undefined
      ? []
      : [`  broken: ${problemText(broken, recipe, context)}${moreText(more.length)}`]),
    ...inputLines(head).map((line) => `  ${line}`),
    ...(untrusted === null
      ? []
      : [
          `  not trusted yet: ${untrusted.commands.join('; ')}. ${howToTrust(context.surface)} (${recipe.file})`,
        ]),
  ];
}

/** `.mo/recipes/port.yaml:4:3: nodes.a: …` */
function problemText(
  { line, column, where, what, fix }: WorkflowError,
  { file }: Recipe,
  { folder }: OperationContext,
): string {
  const place = line === null ? '' : `:${line}:${column ?? 1}`;
  return `${relative(folder, file)}${place}: ${where === '' ? '' : `${where}: `}${what} ${fix}`.trimEnd();
}

function moreText(count: number): string {
  return count === 0 ? '' : ` (and ${count} more)`;
}
