import { records } from './git.ts';
import type { Repository } from './repository.ts';

/** Paths relative to the root. What mo itself writes, `.agent-workspace/`, counts as neither. */
export type UncommittedPaths = { tracked: string[]; untracked: string[] };

/** What a checkout holds beyond its commit. Ignored files are left out. Writes nothing, not even a refreshed index. */
export async function listUncommitted(
  repository: Pick<Repository, 'git'>,
): Promise<UncommittedPaths> {
  const text = await repository.git.text([
    'status',
    '--porcelain=v1',
    '-z',
    '--no-renames',
    '--untracked-files=normal',
    '--ignore-submodules=none',
  ]);
  const found: UncommittedPaths = { tracked: [], untracked: [] };
  for (const record of records(text)) {
    const path = record.slice(3);
    if (path === '.agent-workspace' || path.startsWith('.agent-workspace/')) continue;
    (record.startsWith('??') ? found.untracked : found.tracked).push(path);
  }
  return found;
}

/** Nothing that is tracked differs from the commit. Untracked files do not make a checkout dirty: git refuses by itself to overwrite them. */
export async function isClean(repository: Pick<Repository, 'git'>): Promise<boolean> {
  return (await listUncommitted(repository)).tracked.length === 0;
}
