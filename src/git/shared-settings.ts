import { createHash } from 'node:crypto';
import { readFile, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { errnoOf } from '../platform/files.ts';
import { records } from './git.ts';
import type { Repository } from './repository.ts';

/**
 * `config core.fsmonitor`, `hooks/pre-commit`, `info/exclude`: all that makes git run or hide something, that all worktrees of a repository
 * share and a worker can reach from its own.
 */
export type SharedSettings = ReadonlyMap<string, string>;

export async function readSharedSettings(repository: Repository): Promise<SharedSettings> {
  const [config, files] = await Promise.all([
    readConfig(repository),
    readFiles(repository.commonDir),
  ]);
  return new Map([...config, ...files]);
}

/** What is new, gone or different, sorted: a worker's doing, and git would run it in the name of the user. */
export function changedSettings(before: SharedSettings, after: SharedSettings): string[] {
  const names = new Set([...before.keys(), ...after.keys()]);
  return [...names].filter((name) => before.get(name) !== after.get(name)).toSorted();
}

/**
 * What a branch follows is noted in the config by plain use of git, and runs nothing. git reads the bytes that were read here, so that the
 * same bytes need no second call.
 */
async function readConfig({ git, commonDir }: Repository): Promise<[string, string][]> {
  const bytes = (await bytesOf(join(commonDir, 'config'))) ?? Buffer.alloc(0);
  const text = await git.remember(`config ${digest(bytes)}`, () =>
    git.text(['config', '--file', '-', '--list', '-z', '--no-includes'], { stdin: bytes }),
  );
  const found = new Map<string, string>();
  for (const record of records(text)) {
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
    if (bytes !== null) found.push([name, digest(bytes)]);
  }
  return found;
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

function digest(bytes: Buffer): string {
  return createHash('sha256').update(bytes).digest('hex');
}
