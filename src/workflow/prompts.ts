import { join } from 'node:path';
import { MoError } from '../core/problem.ts';
import type { Environment } from '../platform/environment.ts';
import { packageRoot } from '../platform/package-root.ts';
import { projectPrompts, readPromptFiles, type PromptFile } from '../platform/prompt-files.ts';
import { isTrusted } from '../platform/trust.ts';
import { readPrompt, type PromptPack, type PromptText } from './prompt-text.ts';

/** `untrusted`: files of the project that do not count, because nobody has trusted them as they are now. */
export type ProjectPrompts = { pack: PromptPack; untrusted: readonly PromptFile[] };

/** The texts that come with mo. */
export async function loadPromptPack(
  folder: string = join(packageRoot(), 'prompt-pack'),
): Promise<PromptPack> {
  const files = await readPromptFiles(folder);
  const texts = await Promise.all(files.map(async (file) => readPrompt(file, 'mo')));
  return new Map(texts.map((one) => [one.name, one]));
}

/**
 * The texts of mo with those of the project's `.mo/prompts` in their place or beside them. Texts steer workers, and a repository is not
 * trusted for being there: a text counts once somebody has trusted it as it is now. Throws `bad-settings` for a trusted one that is wrong.
 */
export async function loadProjectPrompts(place: {
  root: string;
  env: Environment;
  folder?: string;
}): Promise<ProjectPrompts> {
  const { root, env } = place;
  const [shipped, files] = await Promise.all([
    loadPromptPack(place.folder),
    readPromptFiles(projectPrompts(root)),
  ]);
  const pack = new Map(shipped);
  const untrusted: PromptFile[] = [];
  for (const file of files) {
    if (!(await isTrusted(file.file, file.text, env))) untrusted.push(file);
    else pack.set(file.name, await readOwn(file, shipped));
  }
  return { pack, untrusted };
}

/** Before they are trusted. Throws `bad-settings` for the first that is wrong. */
export async function checkProjectPrompts(root: string): Promise<void> {
  const files = await readPromptFiles(projectPrompts(root));
  if (files.length === 0) return;
  const shipped = await loadPromptPack();
  for (const file of files) await readOwn(file, shipped);
}

/** They hold what every worker must keep to, and the form without which no answer is read. */
const fixed = new Set([
  'worker',
  'reader',
  'writer',
  'repair',
  'told',
  'handoff',
  'handoff-forced',
]);

async function readOwn(file: PromptFile, shipped: PromptPack): Promise<PromptText> {
  const refuse = (what: string, fix: string): MoError =>
    new MoError({ code: 'bad-settings', file: file.file, what, fix });
  if (fixed.has(file.name)) {
    throw refuse(
      `${file.name} cannot be replaced: it holds rules and forms that every worker is held to.`,
      'Remove the file; what a role does is in roles/<role>.',
    );
  }
  const own = await readPrompt(file, 'project');
  const original = shipped.get(own.name);
  if (original === undefined) return own;
  for (const [name, { fallback }] of own.variables) {
    if (fallback !== null || original.variables.has(name)) continue;
    throw refuse(
      `Nobody gives ${own.name} a value for ${name}.`,
      `Give it a default; known are: ${[...original.variables.keys()].join(', ') || 'none'}.`,
    );
  }
  return own;
}
