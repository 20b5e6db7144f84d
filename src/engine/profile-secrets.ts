import { secretsOf } from '../core/found-profile.ts';
import type { Run } from '../core/run.ts';
import { fillFromEnvironment } from '../platform/config.ts';
import type { Engine } from './engine.ts';

/**
 * What the profiles that workers of the run may get hold of secrets, be they in mo.yaml or another program's. Of those that cannot be
 * read now nothing is known, which the log says.
 */
export async function secretsOfRun(
  engine: Pick<Engine, 'env' | 'foundProfiles' | 'log'>,
  { spec }: Run,
): Promise<string[]> {
  const { providers = {}, profiles: others } = spec.settings;
  const own = Object.values(providers).flatMap(({ env = {}, profiles = {} }) => [
    env,
    ...Object.values(profiles).map((profile) => profile.env ?? {}),
  ]);
  const secrets = own.flatMap((env) => secretsOf({ env: fillFromEnvironment(env, engine.env) }));
  if (others?.cc_switch !== true) return [...new Set(secrets)];
  const { profiles, problem } = await engine.foundProfiles();
  if (problem !== null) engine.log(`keys are known by their looks alone: ${problem.message}`);
  return [...new Set([...secrets, ...profiles.flatMap(secretsOf)])];
}
