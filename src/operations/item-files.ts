import { readdir, stat } from 'node:fs/promises';
import { basename, dirname, extname, resolve } from 'node:path';
import { didYouMean } from '../core/closest.ts';
import type { WorkflowError } from '../core/problem.ts';
import { errnoOf, readText } from '../platform/files.ts';
import { listOfText } from '../workflow/list-text.ts';
import type { WorkflowInput } from '../workflow/schema.ts';

type Inputs = Readonly<Record<string, unknown>>;
type Declared = Readonly<Record<string, WorkflowInput>> | undefined;

/** Files as large as this hold no list that a map could take. */
const maxBytes = 20_000_000;

/**
 * The inputs with what stands in the files that those of type `items` name, as they are now on the disk; relative to `folder`. From
 * then on the run goes by what was read.
 */
export async function readItemFiles(
  declared: Declared,
  given: Inputs,
  folder: string,
): Promise<{ inputs: Inputs } | { errors: WorkflowError[] }> {
  const inputs: Record<string, unknown> = { ...given };
  const errors: WorkflowError[] = [];
  for (const [name, { type, default: usual }] of Object.entries(declared ?? {})) {
    const path = Object.hasOwn(given, name) ? given[name] : usual;
    if (type !== 'items' || typeof path !== 'string') continue;
    const read = await itemsIn(path, folder);
    if ('items' in read) inputs[name] = read.items;
    else {
      const { what, fix } = read;
      errors.push({ line: null, column: null, text: null, where: `inputs.${name}`, what, fix });
    }
  }
  return errors.length > 0 ? { errors } : { inputs };
}

const kinds = new Map([
  ['.csv', 'csv'],
  ['.json', 'json'],
  ['.jsonl', 'jsonl'],
  ['.ndjson', 'jsonl'],
  ['.txt', 'lines'],
  ['', 'lines'],
] as const);

async function itemsIn(
  path: string,
  folder: string,
): Promise<{ items: unknown[] } | { what: string; fix: string }> {
  const kind = [...kinds].find(([ending]) => ending === extname(path).toLowerCase())?.[1];
  if (kind === undefined) {
    return {
      what: `${path} is of no kind that items are read from.`,
      fix: 'Give a .csv, .json, .jsonl or .txt file.',
    };
  }
  const file = resolve(folder, path);
  const problem = await fileProblem(file);
  if (problem !== null) return { ...problem, what: `${path} ${problem.what}` };
  const listed = listOfText(kind, (await readText(file)) ?? '');
  return 'items' in listed
    ? listed
    : { what: `${path} ${listed.error}.`, fix: 'Mend that line, or leave it out.' };
}

async function fileProblem(file: string): Promise<{ what: string; fix: string } | null> {
  try {
    const found = await stat(file);
    if (!found.isFile())
      return { what: 'is no file.', fix: 'For the files of a folder there is files("src/**").' };
    const { size } = found;
    if (size <= maxBytes) return null;
    return {
      what: `has ${size} bytes; at most ${maxBytes} are read.`,
      fix: 'Split it into several runs.',
    };
  } catch (cause) {
    if (errnoOf(cause) === null) throw cause;
    const near = await readdir(dirname(file)).catch((): string[] => []);
    return {
      what: `cannot be read (${errnoOf(cause) ?? ''}).`,
      fix: didYouMean(basename(file), near) ?? 'Name an existing file.',
    };
  }
}
