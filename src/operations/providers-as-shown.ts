import { abilitiesWithout, lacksOf } from '../core/shown.ts';
import type { Provider } from '../core/worker.ts';
import type { Environment } from '../platform/environment.ts';
import { findBinary } from '../platform/find-binary.ts';
import { readShown, recordOf } from '../platform/shown-file.ts';

/** The providers without what exactly the installed CLI was shown not to have; one that was never tried is taken at its word. */
export async function providersAsShown(
  providers: readonly Provider[],
  env: Environment,
): Promise<readonly Provider[]> {
  const records = await readShown(env);
  if (records.length === 0) return providers;
  return providers.map((provider) => {
    const [file] = findBinary(provider.binary, env) ?? [];
    const record = file === undefined ? null : recordOf(file, records);
    const lacks = record?.provider === provider.name ? lacksOf(record) : [];
    if (lacks.length === 0) return provider;
    return { ...provider, abilities: abilitiesWithout(provider.abilities, lacks), lacks };
  });
}
