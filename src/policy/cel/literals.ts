import { celLimits } from './limits.js';

// RFC 3339 5.6. Instants are kept in milliseconds, so a finer fraction is refused.
const rfc3339 = /^(\d{4})-(\d{2})-(\d{2})T([01]\d|2[0-3]):[0-5]\d:[0-5]\d(\.\d{1,3})?(Z|[+-]([01]\d|2[0-3]):[0-5]\d)$/;

/** The instant that an RFC 3339 text names. Null if the text is not one, or names a day that does not exist. */
export function parseInstant(text: string): Date | null {
  const [, year, month, day] = rfc3339.exec(text) ?? [];
  const date = new Date(Date.UTC(Number(year), Number(month) - 1, Number(day)));
  const exists = date.getUTCMonth() === Number(month) - 1 && date.getUTCDate() === Number(day); // False for NaN.
  return exists ? new Date(text) : null;
}

/** Why `timestamp()` does not take this text. Null if it does. */
export function whyNotTimestamp(text: string): string | null {
  if (!rfc3339.test(text)) return 'is not an RFC 3339 instant of milliseconds at most, such as "2026-01-31T09:00:00Z"';
  if (parseInstant(text) === null) return 'is a day that does not exist';
  // google.protobuf.Timestamp begins in year 1, but `Date.UTC` reads the first centuries as two-digit years.
  return text < '1' ? 'is before the year 1000' : null;
}

const unitMilliseconds = { h: 3_600_000, m: 60_000, s: 1_000, ms: 1 } as const;

/** Why `duration()` does not take this text. Null if it does. */
export function whyNotDuration(text: string): string | null {
  if (!/^-?(\d{1,15}(h|ms|m|s))+$/.test(text))
    return 'is not a duration of whole hours, minutes, seconds or milliseconds, such as "1h30m"';
  let milliseconds = 0;
  for (const [, count = '', unit] of text.matchAll(/(\d+)(h|ms|m|s)/g))
    milliseconds += Number(count) * unitMilliseconds[unit as keyof typeof unitMilliseconds];
  return milliseconds <= celLimits.durationMilliseconds ? null : 'is longer than ten years (87600h)';
}
