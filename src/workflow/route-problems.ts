import { didYouMean } from '../core/closest.ts';
import type { SchemaProblem } from '../core/schema-problems.ts';
import { worksOf, type LooseFile } from './loose-file.ts';

/** The profiles of every provider there is. */
export type KnownWorkers = ReadonlyMap<string, readonly string[]>;

/** Providers and profiles that nobody has. */
export function routeProblems(file: LooseFile, workers: KnownWorkers): SchemaProblem[] {
  const usual = file.defaults?.provider;
  const parts = [
    { path: ['defaults'], route: file.defaults },
    { path: ['emitted'], route: file.emitted },
    ...worksOf(file).map(({ path, work }) => ({ path, route: work })),
  ];
  return parts.flatMap(({ path, route }) => [
    ...unknown(path, 'provider', route?.provider, [...workers.keys()]),
    ...unknown(path, 'profile', route?.profile, profilesOf(route?.provider ?? usual, workers)),
  ]);
}

/** Of a provider that nobody has, any profile will do: one mistake is told once. */
function profilesOf(provider: string | undefined, workers: KnownWorkers): readonly string[] | null {
  if (provider === undefined) return [...workers.values()].flat();
  return workers.get(provider) ?? null;
}

function unknown(
  path: readonly string[],
  field: 'provider' | 'profile',
  name: string | undefined,
  known: readonly string[] | null,
): SchemaProblem[] {
  if (name === undefined || known === null || known.includes(name)) return [];
  const list = known.length === 0 ? 'There is none.' : `Known: ${known.join(', ')}.`;
  const fix = didYouMean(name, known) ?? list;
  return [
    {
      path: [...path, field],
      at: 'value',
      what: `there is no ${field} ${JSON.stringify(name.slice(0, 80))}.`,
      fix: field === 'profile' ? `${fix} Profiles are set in mo.yaml.` : fix,
    },
  ];
}
