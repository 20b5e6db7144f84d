import { MoError } from './problem.ts';

/** A worker as people and `mo models` write it: a provider, or `provider:profile`. */
export function partsOfWorker(name: string): { provider: string; profile: string | null } {
  const colon = name.indexOf(':');
  if (colon < 0) return { provider: name, profile: null };
  return { provider: name.slice(0, colon), profile: name.slice(colon + 1) };
}

type Named = { provider?: string | undefined; profile?: string | undefined };

/** What two fields of a call ask for together. Throws `bad-input` where they name two profiles. */
export function wishedWorker({ provider: name, profile }: Named): {
  provider: string | null;
  profile: string | null;
} {
  if (name === undefined) return { provider: null, profile: profile ?? null };
  const parts = partsOfWorker(name);
  if (namesTwoProfiles({ provider: name, profile })) {
    throw new MoError({
      code: 'bad-input',
      what: `provider ${name} names profile ${parts.profile}, and profile says ${profile}.`,
      fix: 'Name one of them.',
    });
  }
  return { provider: parts.provider, profile: parts.profile ?? profile ?? null };
}

export function namesTwoProfiles({ provider, profile }: Named): boolean {
  const own = provider === undefined ? null : partsOfWorker(provider).profile;
  return own !== null && profile !== undefined && profile !== own;
}

/** The providers to tell people of: the scripted worker does nothing by itself, and only demos and tests name it. */
export function toldProviders(names: readonly string[]): string[] {
  return names.filter((name) => name !== 'scripted');
}
