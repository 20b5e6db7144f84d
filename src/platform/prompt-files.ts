import { readdir } from 'node:fs/promises';
import { join, sep } from 'node:path';
import { MoError } from '../core/problem.ts';
import { errnoOf, readText } from './files.ts';

/** `name`: the path below the folder, without `.md`: `planner`, `roles/testing`. */
export type PromptFile = { name: string; file: string; text: string };

export function projectPrompts(root: string): string {
  return join(root, '.mo', 'prompts');
}

/** The `.md` files of a folder and below it, by name; none where there is no folder. Throws `file-unreadable`. */
export async function readPromptFiles(folder: string): Promise<PromptFile[]> {
  const files = (await filesIn(folder)).filter((path) => path.endsWith('.md')).toSorted();
  const read = files.map(async (path): Promise<PromptFile[]> => {
    const file = join(folder, path);
    const text = await readText(file);
    const name = path.slice(0, -'.md'.length).replaceAll(sep, '/');
    return text === null ? [] : [{ name, file, text }];
  });
  return (await Promise.all(read)).flat();
}

async function filesIn(folder: string): Promise<string[]> {
  try {
    return await readdir(folder, { recursive: true });
  } catch (cause) {
    const reason = errnoOf(cause);
    if (reason === 'ENOENT') return [];
    if (reason === null) throw cause;
    throw new MoError({ code: 'file-unreadable', file: folder, reason }, { cause });
  }
}
