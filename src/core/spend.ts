import { z } from 'zod';

/** What an attempt has cost. `usd` is null where the CLI reports no money. `input` includes what was read from a cache. */
export const spend = z.object({
  usd: z.number().nonnegative().nullable(),
  input: z.number().nonnegative(),
  cached: z.number().nonnegative(),
  output: z.number().nonnegative(),
});

export type Spend = z.infer<typeof spend>;

export const noSpend: Spend = { usd: null, input: 0, cached: 0, output: 0 };

/** Money adds up over what is known; it stays null only while nothing at all is known. */
export function addSpend(left: Spend, right: Spend): Spend {
  return {
    usd: left.usd === null && right.usd === null ? null : (left.usd ?? 0) + (right.usd ?? 0),
    input: left.input + right.input,
    cached: left.cached + right.cached,
    output: left.output + right.output,
  };
}

/** What attempts have cost together; one that has no end yet counts nothing. */
export function spendOf(attempts: readonly { ending: { spend: Spend } | null }[]): Spend {
  return attempts.reduce((sum, { ending }) => addSpend(sum, ending?.spend ?? noSpend), noSpend);
}

export function tokensOf(amount: Spend): number {
  return amount.input + amount.output;
}

/** As it is written down: in whole millionths of a dollar, because sums of fractions end in digits that say nothing. */
export function writtenSpend(amount: Spend): Spend {
  return { ...amount, usd: amount.usd === null ? null : writtenUsd(amount.usd) };
}

export function writtenUsd(usd: number): number {
  return Math.round(usd * 1_000_000) / 1_000_000;
}
