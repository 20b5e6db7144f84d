import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { json } from '../core/json.ts';
import { MoError } from '../core/problem.ts';
import { recipeCommands } from '../core/recipe-commands.ts';
import { errnoOf, readText } from './files.ts';

/** `name` is that of the file, without `.yaml` or `.yml`. */
export type RecipeFile = { name: string; file: string; text: string };

export function projectRecipes(root: string): string {
  return join(root, '.mo', 'recipes');
}

/** The recipes of a folder by name, of which two files may have the same; none where there is no folder. Throws `file-unreadable`. */
export async function readRecipeFiles(folder: string): Promise<RecipeFile[]> {
  const names = (await namesIn(folder)).filter((name) => /^[a-z0-9][a-z0-9_-]*\.ya?ml$/.test(name));
  const files = names.toSorted().map(async (name): Promise<RecipeFile[]> => {
    const file = join(folder, name);
    const text = await readText(file);
    return text === null ? [] : [{ name: name.replace(/\.ya?ml$/, ''), file, text }];
  });
  return (await Promise.all(files)).flat();
}

/** What somebody has to trust before the recipe may run. A text that is no YAML runs nothing. */
export async function commandsOfRecipe({ text }: Pick<RecipeFile, 'text'>): Promise<string[]> {
  const { readYaml } = await import('./yaml-text.ts');
  const source = readYaml(text);
  if ('errors' in source) return [];
  // As JSON has it: a value it does not know must not hide what stands beside it.
  return recipeCommands(json.parse(JSON.parse(JSON.stringify(source.value))));
}

async function namesIn(folder: string): Promise<string[]> {
  try {
    return await readdir(folder);
  } catch (cause) {
    const reason = errnoOf(cause);
    if (reason === 'ENOENT') return [];
    if (reason === null) throw cause;
    throw new MoError({ code: 'file-unreadable', file: folder, reason }, { cause });
  }
}
