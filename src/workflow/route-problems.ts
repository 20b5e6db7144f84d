import { didYouMean } from '../core/closest.ts';
import type { SchemaProblem } from '../core/schema-problems.ts';
import { namesTwoProfiles, partsOfWorker, toldProviders } from '../core/worker-name.ts';
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
  return parts.flatMap(({ path, route }) => problemsOf(path, route, { usual, workers }));
}

type Named = { provider?: string | undefined; profile?: string | undefined } | undefined;

function problemsOf(
  path: readonly string[],
  route: Named,
  { usual, workers }: { usual: string | undefined; workers: KnownWorkers },
): SchemaProblem[] {
  const name = route?.provider;
  const { provider, profile } =
    name === undefined ? { provider: name, profile: null } : partsOfWorker(name);
  const whose = provider ?? (usual === undefined ? usual : partsOfWorker(usual).provider);
  const profiles = profilesOf(whose, workers);
  return [
    ...unknown([...path, 'provider'], 'provider', provider, [...workers.keys()]),
    ...unknown([...path, 'provider'], 'profile', profile ?? undefined, profiles),
    ...(route !== undefined && namesTwoProfiles(route)
      ? [twoProfiles(path, route)]
      : unknown([...path, 'profile'], 'profile', route?.profile, profiles)),
  ];
}

function twoProfiles(
  path: readonly string[],
  { provider, profile }: NonNullable<Named>,
): SchemaProblem {
  return {
    path: [...path, 'profile'],
    at: 'value',
    what: `${JSON.stringify(profile)} is another profile than that of provider ${JSON.stringify(provider)}.`,
    fix: 'Name one of them.',
  };
}

/** Of a provider that nobody has, any profile will do: one mistake is told once. */
function profilesOf(provider: string | undefined, workers: KnownWorkers): readonly string[] | null {
  if (provider === undefined) return [...workers.values()].flat();
  return workers.get(provider) ?? null;
}

function unknown(
  path: readonly string[],
  what: 'provider' | 'profile',
  name: string | undefined,
  all: readonly string[] | null,
): SchemaProblem[] {
  if (name === undefined || all === null || all.includes(name)) return [];
  const known = what === 'provider' ? toldProviders(all) : all;
  const list = known.length === 0 ? 'There is none.' : `Known: ${known.join(', ')}.`;
  const fix = didYouMean(name, known) ?? list;
  return [
    {
      path,
      at: 'value',
      what: `there is no ${what} ${JSON.stringify(name.slice(0, 80))}.`,
      fix: what === 'profile' ? `${fix} Profiles are set in mo.yaml.` : fix,
    },
  ];
}
