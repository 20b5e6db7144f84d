/** `90s`, `15m`, `2h`, `1d`, `500ms` in ms; null when it is none of these. A bare number counts seconds. */
export function durationMs(text: string | number): number | null {
  return amount(text, durations, 1000);
}

/** `20KB`, `5MB`, `800B` in bytes, a thousand to the next unit; null when it is none of these. */
export function sizeBytes(text: string | number): number | null {
  return amount(text, sizes, 1);
}

/** `5M`, `200K`, `1000`; null when it is none of these. */
export function countOf(text: string | number): number | null {
  return amount(text, counts, 1);
}

const durations = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 };
const sizes = { b: 1, kb: 1000, mb: 1_000_000, gb: 1_000_000_000 };
const counts = { k: 1000, m: 1_000_000, g: 1_000_000_000 };

/** A whole positive number of the smallest unit. */
function amount(
  text: string | number,
  units: Readonly<Record<string, number>>,
  bare: number,
): number | null {
  const parts = /^([0-9]{1,12}(?:\.[0-9]{1,6})?) ?([a-z]{0,2})$/.exec(
    String(text).trim().toLowerCase(),
  );
  const unit = parts?.[2] === '' ? bare : units[parts?.[2] ?? ''];
  if (parts === null || unit === undefined) return null;
  const value = Math.round(Number(parts[1]) * unit);
  return value > 0 && Number.isSafeInteger(value) ? value : null;
}
