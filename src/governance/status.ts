import { readText } from '../platform/files.ts';
import { runStates } from '../core/view.ts';
import { knownSchema } from '../store/migrations.ts';
import { refsOf, runsOf, type Place } from './place.ts';
import { sizeOf, type Size } from './sizes.ts';

export type Status = {
  /** null where mo has never written. */
  schema: number | null;
  sizes: { database: Size; runs: Size; worktrees: Size; archives: Size };
  /** Runs by state; those with none are left out. */
  runs: Record<string, number>;
  /** null outside git. */
  refs: { branches: number; nodes: number; parked: number } | null;
  /** Whether git leaves the workspace alone; null outside git, and where there is no workspace. */
  ignored: boolean | null;
};

export async function readStatus(place: Place): Promise<Status> {
  const { paths } = place;
  const [database, log, runs, worktrees, archives, refs, ignored] = await Promise.all([
    sizeOf(paths.database),
    sizeOf(`${paths.database}-wal`),
    sizeOf(paths.runs),
    sizeOf(paths.worktrees),
    sizeOf(paths.archives),
    countRefs(place),
    isIgnored(place),
  ]);
  const states = runsOf(place).map(({ view }) => view.state);
  return {
    schema: place.store === null ? null : knownSchema,
    sizes: {
      database: { bytes: database.bytes + log.bytes, files: database.files + log.files },
      runs,
      worktrees,
      archives,
    },
    runs: Object.fromEntries(
      runStates.flatMap((state) => {
        const count = states.filter((one) => one === state).length;
        return count === 0 ? [] : [[state, count]];
      }),
    ),
    refs,
    ignored,
  };
}

async function countRefs({ repository }: Place): Promise<Status['refs']> {
  if (repository === null) return null;
  const refs = (await refsOf(repository.git)).map(({ ref }) => ref);
  const parked = refs.filter((ref) => ref.startsWith('refs/mo/parked/')).length;
  const branches = refs.filter((ref) => ref.startsWith('refs/heads/')).length;
  return { branches, parked, nodes: refs.length - parked - branches };
}

async function isIgnored({ repository, paths }: Place): Promise<boolean | null> {
  if (repository === null || (await readText(paths.gitignore)) === null) return null;
  const answer = await repository.git.run(['check-ignore', '-q', paths.database], {
    accept: [0, 1],
    // It takes no pathspec but a path, and says so when it is told that it is literal.
    env: { GIT_LITERAL_PATHSPECS: '0' },
  });
  return answer.exitCode === 0;
}
