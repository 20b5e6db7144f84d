import { z } from 'zod';
import { didYouMean } from '../core/closest.ts';
import { landWish } from '../core/landing.ts';
import { MoError } from '../core/problem.ts';
import { settings, type Settings } from '../core/settings.ts';
import type { Environment } from './environment.ts';

/** Settings from `MO_*`. Throws `bad-settings` for a value that does not fit. */
export function settingsOfEnvironment(env: Environment): Settings {
  const limits = {
    ...read(env, 'MO_CONCURRENCY', wholeNumber.pipe(z.number().min(1).max(64)), 'concurrency'),
    ...read(env, 'MO_USD_PER_DAY', number.pipe(z.number().positive()), 'usd_per_day'),
    ...read(env, 'MO_FALLBACK', yesOrNo, 'fallback'),
  };
  const retries = read(env, 'MO_RETRIES', wholeNumber.pipe(z.number().min(0).max(20)), 'max');
  const profiles = read(env, 'MO_CC_SWITCH', yesOrNo, 'cc_switch');
  return settings.parse({
    ...(Object.keys(profiles).length > 0 ? { profiles } : {}),
    ...(Object.keys(limits).length > 0 ? { limits } : {}),
    ...(Object.keys(retries).length > 0 ? { retries } : {}),
    ...read(env, 'MO_LAND', landWish, 'land'),
    ...read(env, 'MO_KEEP_RAW', yesOrNo, 'keep_raw'),
  });
}

const number = z
  .string()
  .regex(/^[0-9]+(\.[0-9]+)?$/, 'expected a number')
  .transform(Number);
const wholeNumber = z
  .string()
  .regex(/^[0-9]+$/, 'expected a whole number')
  .transform(Number);
const yesOrNo = z
  .enum(['1', 'true', 'yes', '0', 'false', 'no'], 'expected true or false')
  .transform((text) => ['1', 'true', 'yes'].includes(text));

/** An empty variable counts as not set. */
function read(env: Environment, name: string, schema: z.ZodType, key: string): object {
  const text = env[name];
  if (text === undefined || text === '') return {};
  const parsed = schema.safeParse(text);
  if (parsed.success) return { [key]: parsed.data };
  const reason = parsed.error.issues[0]?.message ?? 'it does not fit';
  const near = schema instanceof z.ZodEnum ? didYouMean(text, schema.options.map(String)) : null;
  throw new MoError({
    code: 'bad-settings',
    file: 'environment',
    what: `${name}=${JSON.stringify(text.slice(0, 80))} cannot be used: ${reason}.`,
    fix: near ?? `Correct or unset ${name}.`,
  });
}
