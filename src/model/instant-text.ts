const fewInstants = 64;
const texts = new Map<number, string>();

/** As `toISOString`. The last few are remembered, because the instants of a request are written several times. */
export function instantText(instant: Date): string {
  const time = instant.getTime();
  let text = texts.get(time);
  if (text !== undefined) return text;
  if (texts.size === fewInstants) texts.clear();
  texts.set(time, (text = instant.toISOString()));
  return text;
}
