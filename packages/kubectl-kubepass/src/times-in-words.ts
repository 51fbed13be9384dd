const units = [
  ['d', 86_400],
  ['h', 3_600],
  ['min', 60],
  ['s', 1],
] as const;

/** A duration in its largest two units: `3 h 20 min`, `2 d`, `45 s`. */
export function durationInWords(milliseconds: number): string {
  const whole = Math.max(0, Math.round(milliseconds / 1000));
  const first = units.findIndex(([, seconds]) => whole >= seconds);
  if (first === -1) return '0 s';
  let left = whole;
  const parts = units.slice(first, first + 2).flatMap(([name, seconds]) => {
    const count = Math.floor(left / seconds);
    left -= count * seconds;
    return count === 0 ? [] : [`${count} ${name}`];
  });
  return parts.join(' ');
}

/** `in 3 h 20 min`, `5 min ago`. */
const distance = (time: number, now: number): string =>
  time >= now ? `in ${durationInWords(time - now)}` : `${durationInWords(now - time)} ago`;

/** `2026-12-01T17:20:00Z`: milliseconds since 1970. */
export const instant = (time: number): string => new Date(time).toISOString().replace(/\.\d+Z$/, 'Z');

/** `in 3 h 20 min (2026-12-01T17:20:00Z)`: milliseconds since 1970. */
export const timeInWords = (time: number, now: number): string => `${distance(time, now)} (${instant(time)})`;

/** `2026-12-01T17:20:00Z (in 3 h 20 min)`, behind `until`. */
export const untilInWords = (time: number, now: number): string => `${instant(time)} (${distance(time, now)})`;
