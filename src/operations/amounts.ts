import { tokensOf, type Spend } from '../core/spend.ts';

/** `45s`, `2m 5s`, `1h 3m`: two units at most. */
export function duration(ms: number): string {
  const seconds = Math.max(0, Math.round(ms / 1000));
  if (seconds < 60) return `${seconds}s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return seconds % 60 === 0 ? `${minutes}m` : `${minutes}m ${seconds % 60}s`;
  const hours = Math.floor(minutes / 60);
  return minutes % 60 === 0 ? `${hours}h` : `${hours}h ${minutes % 60}m`;
}

/** `$0.42`; small sums keep two digits that say something. */
export function money(usd: number): string {
  return usd > 0 && usd < 0.01 ? `$${usd.toPrecision(2)}` : `$${usd.toFixed(2)}`;
}

/** `950`, `12k`, `3.4M`. */
export function count(amount: number): string {
  if (amount < 1000) return String(Math.round(amount));
  if (amount < 999_500) return `${trimZero(amount / 1000)}k`;
  return `${trimZero(amount / 1_000_000)}M`;
}

/** `950 B`, `12 KB`, `3.4 MB`, a thousand to the next unit. */
export function size(bytes: number): string {
  const units = ['B', 'KB', 'MB', 'GB', 'TB'];
  let left = bytes;
  let unit = 0;
  while (left >= 999.5 && unit < units.length - 1) {
    left /= 1000;
    unit += 1;
  }
  return `${unit === 0 ? left : trimZero(left)} ${units[unit]}`;
}

/** `1 branch`, `2 branches`. */
export function counted(amount: number, one: string, more = `${one}s`): string {
  return `${amount} ${amount === 1 ? one : more}`;
}

/** `$0.42 · 120k tokens`; empty when nothing is known to have been spent. */
export function spending(amount: Spend): string {
  const tokens = tokensOf(amount);
  const parts = [
    ...(amount.usd === null ? [] : [money(amount.usd)]),
    ...(tokens === 0 ? [] : [`${count(tokens)} tokens`]),
  ];
  return parts.join(' · ');
}

/** One line of at most `length` characters. */
export function oneLine(text: string, length: number): string {
  // Control characters would let a worker's words move the cursor of whoever reads them.
  const line = text.replace(/[\p{Cc}\p{Cf}\s]+/gu, ' ').trim();
  return line.length > length ? `${line.slice(0, length - 1).trimEnd()}…` : line;
}

function trimZero(amount: number): string {
  return amount.toFixed(amount < 10 ? 1 : 0).replace(/\.0$/, '');
}
