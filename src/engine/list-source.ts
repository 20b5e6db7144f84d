import { readdir } from 'node:fs/promises';
import { join, relative, sep } from 'node:path';
import type { Json } from '../core/json.ts';
import { matchesPath, parsePathPattern } from '../core/path-pattern.ts';
import { MoError } from '../core/problem.ts';
import type { Run } from '../core/run.ts';
import { filesOfTree, readBlobs, blobSizes } from '../git/blobs.ts';
import type { Git } from '../git/git.ts';
import { fileProblem, readText } from '../platform/files.ts';
import type { ReadSource } from '../workflow/expression.ts';
import { listOfText } from '../workflow/list-text.ts';
import type { Engine } from './engine.ts';

const maxBytes = 20_000_000;

/** Where a map finds its items: in the tree of the run's head, or in the project's folder outside git. */
export function listSourceOf(engine: Engine, run: Run): ReadSource {
  return listSource(
    engine.repository === null || run.head === null
      ? inFolder(engine.project)
      : inTree(engine.repository.git, run.head.commit),
  );
}

/** What the functions of `over` read at this place. They throw `bad-input`. */
export function listSource(place: Place): ReadSource {
  return async (source, argument) => {
    if (source === 'files') return matching(argument, await place.paths());
    const path = pathOf(source, argument);
    const text = await place.read(path);
    if (text === null) throw bad(`there is no file ${path} in what the run has so far.`);
    const listed = listOfText(source, text);
    if ('error' in listed) throw bad(`${source}(): ${path} ${listed.error}.`);
    return listed.items;
  };
}

export type Place = {
  paths: () => Promise<string[]>;
  read: (path: string) => Promise<string | null>;
};

export function inTree(git: Git, commit: string): Place {
  let known: Promise<ReadonlyMap<string, string>> | null = null;
  const files = () => (known ??= filesOfTree(git, commit));
  return {
    paths: async () => [...(await files()).keys()],
    read: async (path) => {
      const object = (await files()).get(path);
      if (object === undefined) return null;
      checkSize(path, (await blobSizes(git, [object])).get(object) ?? 0);
      return (await readBlobs(git, [object])).get(object)?.toString('utf8') ?? null;
    },
  };
}

/** Folders nobody means: what tools keep there is no item. */
const skipped = new Set(['.git', '.agent-workspace', 'node_modules']);

export function inFolder(project: string): Place {
  let known: Promise<string[]> | null = null;
  const paths = () => (known ??= filesBelow(project, project));
  return {
    paths,
    read: async (path) => {
      if (!(await paths()).includes(path)) return null;
      const text = await readText(join(project, path));
      checkSize(path, text?.length ?? 0);
      return text;
    },
  };
}

/** Relative to the project, in order; links are not followed. */
async function filesBelow(project: string, folder: string): Promise<string[]> {
  const entries = await readdir(folder, { withFileTypes: true }).catch((cause: unknown) => {
    throw fileProblem(folder, cause);
  });
  const found: string[] = [];
  for (const entry of entries.toSorted((a, b) => (a.name < b.name ? -1 : 1))) {
    const path = join(folder, entry.name);
    if (entry.isFile()) found.push(relative(project, path).split(sep).join('/'));
    else if (entry.isDirectory() && !skipped.has(entry.name))
      found.push(...(await filesBelow(project, path)));
  }
  return found;
}

function matching(argument: Json, paths: readonly string[]): string[] {
  const texts = Array.isArray(argument) ? argument : [argument];
  const patterns = texts.map((text) => {
    if (typeof text !== 'string') throw bad('files() takes a glob, or a list of globs.');
    const pattern = parsePathPattern(text);
    if ('error' in pattern) throw bad(`files(): ${pattern.error}`);
    return pattern;
  });
  return paths.filter((path) => patterns.some((pattern) => matchesPath(pattern, path)));
}

function pathOf(source: string, argument: Json): string {
  if (typeof argument === 'string') return argument.replace(/^(?:\.\/)+/, '');
  throw bad(`${source}() takes the path of one file.`);
}

function checkSize(path: string, bytes: number): void {
  if (bytes > maxBytes) throw bad(`${path} has ${bytes} bytes; at most ${maxBytes} are read.`);
}

function bad(what: string): MoError {
  return new MoError({
    code: 'bad-input',
    what,
    fix: 'Mend over of the map, or what it reads, and start the run again.',
  });
}
