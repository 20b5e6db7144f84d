import { createHash } from 'node:crypto';
import { z } from 'zod';
import { didYouMean } from '../core/closest.ts';
import { role } from '../core/names.ts';
import { MoError } from '../core/problem.ts';
import { schemaProblems, showPath } from '../core/schema-problems.ts';
import { readPlainYaml } from '../platform/plain-yaml.ts';
import type { PromptFile } from '../platform/prompt-files.ts';

const variable = z
  .strictObject({
    description: z.string().min(1),
    required: z.boolean().optional(),
    default: z.string().optional(),
  })
  .refine((one) => one.required !== true || one.default === undefined, {
    error: 'has a default, so it is not required',
  });

const head = z.strictObject({
  name: z.string(),
  version: z.number().int().positive(),
  description: z.string().min(1),
  role: role.optional(),
  variables: z.record(z.string().regex(/^[a-z][a-z_]*$/), variable).default({}),
});

/** `fallback`: what stands there when nobody gives a value; null where one has to be given. */
export type PromptVariable = { description: string; fallback: string | null };

/** One text of the prompt pack. */
export type PromptText = {
  /** Path of its file without `.md`: `worker`, `roles/testing`, `tasks/bugfix`. */
  name: string;
  version: number;
  description: string;
  /** The role whose contract the answer fits; null for a part that goes into prompts of every role. */
  role: z.infer<typeof role> | null;
  /** All that its `{{…}}` may name. */
  variables: ReadonlyMap<string, PromptVariable>;
  text: string;
  of: 'mo' | 'project';
};

/** By name. */
export type PromptPack = ReadonlyMap<string, PromptText>;

/** Throws `bad-settings` with what is wrong. */
export async function readPrompt(
  { name, file, text: content }: PromptFile,
  of: PromptText['of'],
): Promise<PromptText> {
  const refuse = (what: string, fix: string): MoError =>
    new MoError({ code: 'bad-settings', file, what, fix });
  if (content.length > mostCharacters) {
    throw refuse(`It has ${content.length} characters.`, `A prompt has at most ${mostCharacters}.`);
  }
  const parts = /^---\n([\s\S]*?)\n---\n+([\s\S]*)$/.exec(content.replaceAll('\r\n', '\n'));
  if (parts === null) throw refuse('It has no head between two lines of ---.', headFix);
  const value = await valueOf(parts[1] ?? '');
  const read = head.safeParse(value);
  if (!read.success) {
    const [problem] = schemaProblems(read.error, head, value);
    if (problem === undefined) throw refuse('Its head cannot be used.', headFix);
    const { path, what, fix } = problem;
    throw refuse(`${showPath(path) || 'The head'} ${what}`, fix || headFix);
  }
  if (read.data.name !== name) {
    throw refuse(`It calls itself ${read.data.name}.`, `Say name: ${name}, or move the file.`);
  }
  const variables = new Map(
    Object.entries(read.data.variables).map(([key, one]) => [
      key,
      {
        description: one.description,
        fallback: one.default ?? (one.required === false ? '' : null),
      },
    ]),
  );
  const text = (parts[2] ?? '').trim();
  const used = new Set([...text.matchAll(place)].map((match) => match[1] ?? ''));
  const undeclared = [...used].find((one) => !variables.has(one));
  if (undeclared !== undefined) {
    throw refuse(`{{${undeclared}}} is not declared.`, 'Declare it under variables in the head.');
  }
  const unused = [...variables.keys()].find((one) => !used.has(one));
  if (unused !== undefined) {
    throw refuse(`The variable ${unused} is never used.`, `Use {{${unused}}}, or remove it.`);
  }
  const { version, description } = read.data;
  return { name, version, description, role: read.data.role ?? null, variables, text, of };
}

/**
 * The text with its variables filled in; what is filled in is never looked at again, whatever braces it has. Throws `bad-input` for a
 * value that nothing asks for, and for one that is missing.
 */
export function renderPrompt(
  { name, text, variables }: PromptText,
  values: Readonly<Record<string, string>>,
): string {
  const known = [...variables.keys()];
  const stranger = Object.keys(values).find((one) => !variables.has(one));
  if (stranger !== undefined) {
    const near = didYouMean(stranger, known);
    const all = known.length === 0 ? 'It has none.' : `It has: ${known.join(', ')}.`;
    throw badInput(`${name} has no variable ${stranger.slice(0, 64)}.`, near ?? all);
  }
  const missing = known.filter(
    (one) => !Object.hasOwn(values, one) && variables.get(one)?.fallback === null,
  );
  if (missing.length > 0) {
    const wanted = missing.map((one) => `${one} (${variables.get(one)?.description ?? ''})`);
    throw badInput(`${name} lacks a value.`, `Give in variables: ${wanted.join(', ')}.`);
  }
  return text.replaceAll(place, (whole, key: string) =>
    Object.hasOwn(values, key) ? (values[key] ?? whole) : (variables.get(key)?.fallback ?? whole),
  );
}

/** Twelve hex digits that change when one of the texts does. */
export function versionOf(prompts: readonly PromptText[]): string {
  const hash = createHash('sha256');
  for (const { name, text, variables } of prompts) {
    hash.update(`${name}\0${text}\0${JSON.stringify([...variables])}\0`);
  }
  return hash.digest('hex').slice(0, 12);
}

/** Throws `bad-input` with the nearest name. */
export function promptNamed(pack: PromptPack, name: string): PromptText {
  const found = pack.get(name);
  if (found !== undefined) return found;
  const names = [...pack.keys()];
  const short = names.find((one) => one.endsWith(`/${name}`));
  const near = short === undefined ? didYouMean(name, names) : `Did you mean ${short}?`;
  throw badInput(
    `There is no prompt ${name.slice(0, 64)}.`,
    near ?? 'prompts with action list names them all.',
  );
}

const mostCharacters = 20_000;
const place = /\{\{([a-z][a-z_]*)\}\}/g;
const headFix =
  'It begins with: ---, name, version, description, and if wanted role and variables ({name: {description, default}}), then ---.';

function badInput(what: string, fix: string): MoError {
  return new MoError({ code: 'bad-input', what, fix });
}

/** What cannot be read has no name, which is then told. Whoever starts a worker does not wait for the whole parser to load. */
async function valueOf(text: string): Promise<unknown> {
  const plain = readPlainYaml(text);
  if (plain !== null) return plain.value;
  const { readYaml } = await import('../platform/yaml-text.ts');
  const source = readYaml(text);
  return 'errors' in source ? null : source.value;
}
