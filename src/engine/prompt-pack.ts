import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { packageRoot } from '../platform/package-root.ts';

/** One file of the pack. `variables` are all that its `{{…}}` may name. */
export type PromptText = {
  name: string;
  version: number;
  variables: readonly string[];
  text: string;
};

/** The texts of `prompt-pack/` by name: `worker`, `planner`, `roles/testing`. */
export type PromptPack = ReadonlyMap<string, PromptText>;

export async function loadPromptPack(
  folder: string = join(packageRoot(), 'prompt-pack'),
): Promise<PromptPack> {
  const files = (await readdir(folder, { recursive: true })).filter((file) => file.endsWith('.md'));
  const texts = await Promise.all(
    files.map(async (file) => readPrompt(file, await readFile(join(folder, file), 'utf8'))),
  );
  return new Map(texts.map((one) => [one.name, one]));
}

/** The text with its variables filled in. What is filled in is never looked at again, whatever braces it has. */
export function renderPrompt(prompt: PromptText, values: Readonly<Record<string, string>>): string {
  return prompt.text.replaceAll(variable, (_whole, name: string) => {
    const value = values[name];
    if (value === undefined) throw new Error(`prompt ${prompt.name}: no value for ${name}`);
    return value;
  });
}

/** Twelve hex digits that change when one of the texts does. */
export function versionOf(prompts: readonly PromptText[]): string {
  const hash = createHash('sha256');
  for (const { name, text } of prompts) hash.update(`${name}\0${text}\0`);
  return hash.digest('hex').slice(0, 12);
}

export function promptNamed(pack: PromptPack, name: string): PromptText {
  const found = pack.get(name);
  if (found === undefined) throw new Error(`the prompt pack has no ${name}.md`);
  return found;
}

const variable = /\{\{([a-z_]+)\}\}/g;

const head = z.strictObject({
  name: z.string(),
  version: z.coerce.number().int().positive(),
  variables: z
    .string()
    .transform((text) => text.split(',').map((one) => one.trim()))
    .pipe(z.array(z.string().regex(/^[a-z_]+$/)))
    .optional(),
});

function readPrompt(file: string, content: string): PromptText {
  const parts = /^---\n([\s\S]*?)\n---\n+([\s\S]*)$/.exec(content.replaceAll('\r\n', '\n'));
  if (parts === null) throw new Error(`prompt ${file} has no head between two lines of ---`);
  const lines = (parts[1] ?? '').split('\n').map((line) => {
    const colon = line.indexOf(':');
    return [line.slice(0, colon).trim(), line.slice(colon + 1).trim()] as const;
  });
  const { name, version, variables = [] } = head.parse(Object.fromEntries(lines));
  const text = (parts[2] ?? '').trim();
  if (`${name}.md` !== file.replaceAll('\\', '/')) {
    throw new Error(`prompt ${file} calls itself ${name}`);
  }
  const used = new Set([...text.matchAll(variable)].map((match) => match[1] ?? ''));
  const wrong =
    [...used].find((one) => !variables.includes(one)) ?? variables.find((one) => !used.has(one));
  if (wrong !== undefined)
    throw new Error(`prompt ${file}: variable ${wrong} is not both used and declared`);
  return { name, version, variables, text };
}
