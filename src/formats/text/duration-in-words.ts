const units = [
  { name: 'year', seconds: 31_536_000, from: 2 },
  { name: 'day', seconds: 86_400, from: 2 },
  { name: 'hour', seconds: 3_600, from: 2 },
  { name: 'minute', seconds: 60, from: 2 },
] as const;

/** A length of time as people say it, rounded down to one unit of which there are at least two: `364 days`. */
export function durationInWords(seconds: number): string {
  const whole = Math.floor(Math.abs(seconds));
  const unit = units.find((candidate) => whole >= candidate.from * candidate.seconds);
  if (unit === undefined) return counted(whole, 'second');
  return counted(Math.floor(whole / unit.seconds), unit.name);
}

/** `1 object`, `22 objects`. */
export function counted(count: number, noun: string, plural = `${noun}s`): string {
  return `${count} ${count === 1 ? noun : plural}`;
}
