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

/** The values that must not be seen outside the worker. What it says about models is in every answer anyway. */
export function secretsOf({ env }: Pick<FoundProfile, 'env'>): string[] {
  return Object.entries(env)
    .filter(([name, value]) => value.length >= shortestSecret && !/(^|_)MODEL(_|$)/.test(name))
    .map(([, value]) => value);
}
