import type { FoundProfile } from '../core/found-profile.ts';

/** What a provider of CC-Switch comes to as a profile, or why it cannot be one. */
export type ReadProfile =
  | Pick<FoundProfile, 'model' | 'effort' | 'env' | 'config'>
  | { why: string };
