import type { Git } from '../git/git.ts';
import type { Repository } from '../git/repository.ts';
import type { WorkspacePaths } from '../store/paths.ts';
import type { RunRow } from '../store/run-table.ts';
import type { Store } from '../store/store.ts';

/** What governance looks at. `store` null: mo has never written here. `repository` null: outside git. */
export type Place = {
  root: string;
  paths: WorkspacePaths;
  store: Store | null;
  repository: Repository | null;
  /** ms since 1970. */
  now: number;
};

/** All runs, newest first. */
export function runsOf({ store }: Place): RunRow[] {
  return store?.listRuns({ limit: 100_000, before: null }) ?? [];
}

/** Refs and the commits they point to: branches of runs, refs of nodes, and what was parked. */
export async function refsOf(git: Git): Promise<{ ref: string; commit: string }[]> {
  const text = await git.text([
    'for-each-ref',
    '--format=%(refname) %(objectname)',
    'refs/heads/mo/',
    'refs/mo/',
  ]);
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => {
      const [ref = '', commit = ''] = line.split(' ');
      return { ref, commit };
    });
}

/** `refs/heads/mo/r-7-x`, `refs/mo/r-7-x/api`, `refs/mo/parked/r-7-x/api/1` → `r-7-x`. */
export function runOfRef(ref: string): string | null {
  return /^refs\/(?:heads\/mo|mo\/parked|mo)\/(r-[0-9]+[a-z0-9-]*)/.exec(ref)?.[1] ?? null;
}
