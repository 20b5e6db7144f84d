/**
 * When Codex says to try again, in ms since 1970, or null. It tells the local wall clock: "3:36 AM" for a time on the day it is
 * written, else "Nov 24th, 2026 3:36 AM" (0.169.0, recorded; the date form from its source). `saidAt` is when it was said.
 */
export function resetTime(message: string, saidAt: number): number | null {
  const found =
    /try again at (?:([A-Z][a-z]{2}) (\d{1,2})(?:st|nd|rd|th), (\d{4}) )?(\d{1,2}):(\d{2}) ([AP]M)/i.exec(
      message,
    );
  if (found === null) return null;
  const [, month, day, year, hour, minute, half] = found;
  const at = new Date(saidAt);
  if (month !== undefined) {
    const index = months.indexOf(month.toLowerCase());
    if (index === -1) return null;
    at.setFullYear(Number(year), index, Number(day));
  }
  at.setHours((Number(hour) % 12) + (half?.toUpperCase() === 'PM' ? 12 : 0), Number(minute), 0, 0);
  // A time of day that has just passed is over; one long past means tomorrow (written before midnight, read after).
  if (month === undefined && at.getTime() < saidAt - graceMs) at.setDate(at.getDate() + 1);
  return Number.isFinite(at.getTime()) ? at.getTime() : null;
}

const graceMs = 10 * 60_000;

const months = 'jan feb mar apr may jun jul aug sep oct nov dec'.split(' ');
