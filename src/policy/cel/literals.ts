import { limits } from './limits.js';

// RFC 3339 5.6. Instants are kept in milliseconds, so that no finer fraction can be told apart.
const rfc3339 = /^(\d{4})-(\d{2})-(\d{2})T([01]\d|2[0-3]):[0-5]\d:[0-5]\d(\.\d{1,3})?(Z|[+-]([01]\d|2[0-3]):[0-5]\d)$/;

/** Why the text is not an instant that `timestamp()` takes; null where it is one. */
export function whyNotTimestamp(text: string): string | null {
  const [, year = '', month = '', day = ''] = rfc3339.exec(text) ?? [];
  if (year === '') return 'is not an RFC 3339 instant of milliseconds at most, such as "2026-01-31T09:00:00Z"';
  const date = new Date(Date.UTC(Number(year), Number(month) - 1, Number(day)));
  const exists = date.getUTCMonth() === Number(month) - 1 && date.getUTCDate() === Number(day);
  if (!exists) return 'is a day that does not exist';
  // google.protobuf.Timestamp begins in year 1; the first centuries are two-digit years to `Date.UTC`.
  return Number(year) >= 1000 ? null : 'is before the year 1000';
}

const unitMilliseconds = { h: 3_600_000, m: 60_000, s: 1_000, ms: 1 } as const;

/** Why the text is not a length of time that `duration()` takes; null where it is one. */
export function whyNotDuration(text: string): string | null {
  if (!/^-?(\d{1,15}(h|ms|m|s))+$/.test(text))
    return 'is not a duration of whole hours, minutes, seconds or milliseconds, such as "1h30m"';
  let milliseconds = 0;
  for (const [, count = '', unit] of text.matchAll(/(\d+)(h|ms|m|s)/g))
    milliseconds += Number(count) * unitMilliseconds[unit as keyof typeof unitMilliseconds];
  return milliseconds <= limits.durationMilliseconds ? null : 'is longer than ten years (87600h)';
}
