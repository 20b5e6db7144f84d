import type { Route } from './worker.ts';

/** Nearest ranks: half and four fifths of the attempts took at most that. */
export type Quantiles = { median: number; p80: number };

/** What attempts of one role on one route took that were done. */
export type TrackRecord = {
  role: string;
  route: Route;
  attempts: number;
  ms: Quantiles;
  /** null where the CLI reported no money. */
  usd: Quantiles | null;
};

/** How often attempts of one role on one route ended by their own doing, and how many of them passed their gates. */
export type Outcome = { role: string; route: Route; tried: number; verified: number };

/** Two attempts with one key are comparable. */
export function trackKey(role: string, { provider, profile, model, effort, mode }: Route): string {
  return JSON.stringify([role, provider, profile, model, effort, mode]);
}
