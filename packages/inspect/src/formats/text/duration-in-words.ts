const units = [
  { name: 'year', seconds: 31_536_000 },
  { name: 'day', seconds: 86_400 },
  { name: 'hour', seconds: 3_600 },
  { name: 'minute', seconds: 60 },
] as const;

/** A duration in one unit, rounded down. The unit is the largest with at least two: `364 days`. */
export function durationInWords(seconds: number): string {
  const whole = Math.floor(Math.abs(seconds));
  const unit = units.find((candidate) => whole >= 2 * candidate.seconds);
  if (unit === undefined) return counted(whole, 'second');
  return counted(Math.floor(whole / unit.seconds), unit.name);
}

/** `1 object`, `22 objects`. */
export function counted(count: number, noun: string, plural = `${noun}s`): string {
  return `${count} ${count === 1 ? noun : plural}`;
}

const minute = 60;
const hour = 60 * minute;
const day = 24 * hour;
const year = 365 * day;

/** A duration as kubectl prints ages, with two or three significant figures: `364d`. */
export function humanDuration(seconds: number): string {
  const whole = Math.trunc(seconds);
  // Two clocks may differ a little.
  if (whole < -1) return '<invalid>';
  if (whole < 0) return '0s';
  if (whole < 2 * minute) return `${whole}s`;
  if (whole < 10 * minute) return two(whole, minute, 'm', 1, 's');
  if (whole < 3 * hour) return one(whole, minute, 'm');
  if (whole < 8 * hour) return two(whole, hour, 'h', minute, 'm');
  if (whole < 2 * day) return one(whole, hour, 'h');
  if (whole < 8 * day) return two(whole, day, 'd', hour, 'h');
  if (whole < 2 * year) return one(whole, day, 'd');
  if (whole < 8 * year) return two(whole, year, 'y', day, 'd');
  return one(whole, year, 'y');
}

const one = (seconds: number, unit: number, name: string): string => `${Math.floor(seconds / unit)}${name}`;

function two(seconds: number, unit: number, name: string, smaller: number, smallerName: string): string {
  const rest = Math.floor((seconds % unit) / smaller);
  return one(seconds, unit, name) + (rest === 0 ? '' : `${rest}${smallerName}`);
}
