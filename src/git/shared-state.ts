import { createHash } from 'node:crypto';
import { readFile, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { errnoOf } from '../platform/files.ts';
import { records } from './git.ts';
import type { Repository } from './repository.ts';

/** What all worktrees of a repository share beside objects, and a worker can reach from its own. */
export type SharedState = {
  /** `config core.fsmonitor`, `hooks/pre-commit`, `info/exclude`: all that makes git run or hide something. */
  settings: ReadonlyMap<string, string>;
  /** Branches, tags and the rest, those of mo aside. */
  refs: ReadonlyMap<string, string>;
};

export async function readSharedState(repository: Repository): Promise<SharedState> {
  const [config, files, refs] = await Promise.all([
    readConfig(repository),
    readFiles(repository.commonDir),
    readRefs(repository),
  ]);
  return { settings: new Map([...config, ...files]), refs };
}

/**
 * What is new, gone or different, sorted. A changed setting is a worker's doing: git would run it in the name of the user. A moved ref
 * may be the user's own work of meanwhile.
 */
export function sharedChanges(
  before: SharedState,
  after: SharedState,
): { settings: string[]; refs: string[] } {
  return {
    settings: differing(before.settings, after.settings),
    refs: differing(before.refs, after.refs),
  };
}

function differing(
  before: ReadonlyMap<string, string>,
  after: ReadonlyMap<string, string>,
): string[] {
  const names = new Set([...before.keys(), ...after.keys()]);
  return [...names].filter((name) => before.get(name) !== after.get(name)).toSorted();
}

/** What a branch follows is noted in the config by plain use of git, and runs nothing. */
async function readConfig({ git }: Repository): Promise<[string, string][]> {
  const answer = await git.run(['config', '--local', '--list', '-z', '--no-includes'], {
    accept: [0, 1],
  });
  const found = new Map<string, string>();
  for (const record of records(answer.stdout)) {
    const [key = '', ...value] = record.split('\n');
    if (key.startsWith('branch.')) continue;
    const name = `config ${key}`;
    found.set(name, `${found.get(name) ?? ''}${value.join('\n')}\0`);
  }
  return [...found];
}

async function readFiles(commonDir: string): Promise<[string, string][]> {
  const hooks = (await namesIn(join(commonDir, 'hooks'))).map((name) => `hooks/${name}`);
  const names = [
    ...hooks,
    'info/attributes',
    'info/exclude',
    'info/grafts',
    'objects/info/alternates',
  ];
  const found: [string, string][] = [];
  for (const name of names) {
    const bytes = await bytesOf(join(commonDir, name));
    if (bytes !== null) found.push([name, createHash('sha256').update(bytes).digest('hex')]);
  }
  return found;
}

async function readRefs({ git }: Repository): Promise<Map<string, string>> {
  const text = await git.text(['for-each-ref', '--format=%(refname) %(objectname)']);
  const lines = text.split('\n').filter((one) => one !== '' && !isOwn(one));
  return new Map(lines.map((one) => [one.slice(0, one.lastIndexOf(' ')), one]));
}

function isOwn(ref: string): boolean {
  return ref.startsWith('refs/mo/') || ref.startsWith('refs/heads/mo/');
}

async function namesIn(folder: string): Promise<string[]> {
  try {
    return await readdir(folder);
  } catch (cause) {
    if (errnoOf(cause) === 'ENOENT') return [];
    throw cause;
  }
}

/** A folder among the hooks is no hook. */
async function bytesOf(path: string): Promise<Buffer | null> {
  try {
    return await readFile(path);
  } catch (cause) {
    if (['ENOENT', 'EISDIR'].includes(errnoOf(cause) ?? '')) return null;
    throw cause;
  }
}
