import type { MoError } from './problem.ts';
import type { Settings } from './settings.ts';

/** A profile that another program keeps. Only its name, model and effort are ever written down. */
export type FoundProfile = {
  provider: string;
  /** As it is named in mo.yaml, in workflows and on the command line. */
  name: string;
  /** What its own program calls it. */
  title: string;
  model: string | null;
  effort: string | null;
  /** Only for a worker, and never stored. */
  env: Readonly<Record<string, string>>;
  /** Settings in the worker CLI's own configuration, by dotted name. They go on its command line, so no secret is among them. */
  config: Readonly<Record<string, string>>;
};

export type FoundProfiles = {
  profiles: readonly FoundProfile[];
  /** What cannot be used, and why. */
  left: readonly { provider: string; title: string; why: string }[];
  /** Why nothing could be read; null where all went well. */
  problem: MoError | null;
};

/** The settings with what was found beside them; a profile that mo.yaml has under the same name stays as it is there. */
export function withFoundProfiles(settings: Settings, found: readonly FoundProfile[]): Settings {
  const providers = { ...settings.providers };
  for (const { provider, name, model, effort } of found) {
    const own = providers[provider];
    if (own?.profiles?.[name] !== undefined) continue;
    const profile = {
      ...(model === null ? {} : { model }),
      ...(effort === null ? {} : { effort }),
      from: 'cc-switch' as const,
    };
    providers[provider] = { ...own, profiles: { ...own?.profiles, [name]: profile } };
  }
  return { ...settings, providers };
}

/** Shorter ones are `1`, `true` and the like: taken out, they would take half of every text with them. */
const shortestSecret = 8;

/**
 * The values of an environment that must not be seen outside the worker. What it says about models is in every answer anyway, and words,
 * numbers, paths and plain addresses stand in texts that have nothing to do with it, unless their name says that they are secret.
 */
export function secretsOf({ env }: Pick<FoundProfile, 'env'>): string[] {
  return Object.entries(env)
    .filter(([name, value]) => value.length >= shortestSecret && !/(^|_)MODEL(_|$)/.test(name))
    .filter(([name, value]) => secretName.test(name) || !plainValue.test(value))
    .map(([, value]) => value);
}

const secretName = /key|token|secret|passw|passphrase|credential|auth|cookie|header/i;

/** `production`, `us-east-1`, `/srv/mo/state`, `https://models.example/v1`: words and short numbers; no user, no query. */
const plainValue =
  /^[~./]{0,3}(?:[a-z]{1,24}|v?[0-9]{1,5})(?:(?::\/\/|[-_.:/, ])(?:[a-z]{1,24}|v?[0-9]{1,5}))*\/?$/i;
