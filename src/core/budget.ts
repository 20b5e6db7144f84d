import type { Limit } from './node.ts';

/** A share of a ceiling for one attempt that names no budget of its own; what is left when that is less. */
const share = 4;

export const noLimit: Limit = { usd: null, tokens: null };

export type Account = {
  ceiling: Limit;
  charged: { usd: number; tokens: number };
  reserved: readonly Limit[];
};

/**
 * What to set aside for an attempt before it starts, so that workers running at once cannot overshoot together; null when the
 * ceiling leaves no room now. A kind without a ceiling and without a wish stays unlimited (null).
 */
export function reserve(account: Account, wish: Limit): Limit | null {
  const usd = reserveOne(account, 'usd', wish.usd);
  const tokens = reserveOne(account, 'tokens', wish.tokens);
  if (usd === 'no room' || tokens === 'no room') return null;
  return { usd, tokens: tokens === null ? null : Math.floor(tokens) };
}

/** Two ceilings at once: the run's, and what is left of the day's. */
export function tighter(left: Limit, right: Limit): Limit {
  return { usd: smaller(left.usd, right.usd), tokens: smaller(left.tokens, right.tokens) };
}

function reserveOne(
  { ceiling: ceilings, charged, reserved }: Account,
  kind: 'usd' | 'tokens',
  wish: number | null,
): number | null | 'no room' {
  const ceiling = ceilings[kind];
  if (ceiling === null) return wish;
  const held = reserved.reduce((sum, one) => sum + (one[kind] ?? 0), 0);
  const left = ceiling - charged[kind] - held;
  if (left <= 0) return 'no room';
  const wanted = wish ?? ceiling / share;
  if (wanted <= left) return wanted;
  // What others hold may come back; only when nobody holds anything is the rest all there will ever be.
  return held === 0 ? left : 'no room';
}

function smaller(left: number | null, right: number | null): number | null {
  if (left === null || right === null) return left ?? right;
  return Math.min(left, right);
}
