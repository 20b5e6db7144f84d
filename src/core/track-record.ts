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

/** Two attempts with one key are comparable. */
export function trackKey(role: string, { provider, profile, model, effort, mode }: Route): string {
  return JSON.stringify([role, provider, profile, model, effort, mode]);
}
