import { factsOf } from '../core/model-data.ts';
import type { Settings } from '../core/settings.ts';
import type { Route } from '../core/worker.ts';

/** US dollars per million tokens: as mo.yaml says, else the list price of the model; null: unknown. */
export function priceOf(
  { provider, profile, model }: Pick<Route, 'provider' | 'profile' | 'model'>,
  settings: Settings,
): { input: number; output: number } | null {
  const own = settings.providers?.[provider];
  const named = profile === null ? undefined : own?.profiles?.[profile];
  if (named?.price !== undefined) return named.price;
  return own?.price ?? factsOf(model)?.price ?? null;
}
