import type { FoundProfile } from '../core/found-profile.ts';
import { MoError } from '../core/problem.ts';
import type { Run } from '../core/run.ts';
import type { Route } from '../core/worker.ts';
import type { Engine } from './engine.ts';

/** Whether the profile of a route is another program's: the run then knows its name, and not what is in it. */
export function isFound(run: Run, route: Route | null): boolean {
  if (route === null || route.profile === null) return false;
  const { providers, profiles } = run.spec.settings;
  return (
    profiles?.cc_switch === true &&
    providers?.[route.provider]?.profiles?.[route.profile]?.from !== undefined
  );
}

/** What is in it, read when a worker starts; null where mo.yaml says it all. Throws `profile-gone`. */
export async function foundProfile(
  engine: Pick<Engine, 'foundProfiles'>,
  run: Run,
  route: Route | null,
): Promise<FoundProfile | null> {
  if (route === null || route.profile === null || !isFound(run, route)) return null;
  const { provider, profile: name } = route;
  const { profiles, left, problem } = await engine.foundProfiles();
  const found = profiles.find((one) => one.provider === provider && one.name === name);
  if (found !== undefined) return found;
  const reason =
    problem?.message ?? `it is not among the ${profiles.length + left.length} that are there`;
  throw new MoError({ code: 'profile-gone', provider, profile: name, reason });
}
