import { duration } from './words.js';

const lengths: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3_600, d: 86_400, w: 604_800 };
const part = /(\d+(?:\.\d+)?|an?)\s*(s|secs?|seconds?|m|mins?|minutes?|h|hrs?|hours?|d|days?|w|weeks?)(?![a-z])/gi;

/** A lifetime in words, in seconds: `8 hours`, `90m`, `1 day 12 hours`, or a number of seconds; null: it is none. */
export function secondsOf(text: string): number | null {
  if (/^\s*\d{3,}\s*$/.test(text)) return Number(text);
  const words = text.replace(/\band\b|,/gi, ' ');
  const rest = words.replace(part, '').trim();
  const found = [...words.matchAll(part)];
  if (rest !== '' || found.length === 0) return null;
  const seconds = found.reduce((sum, [, n = '', unit = '']) => {
    const count = /^a/i.test(n) ? 1 : Number(n);
    return sum + count * (lengths[unit.charAt(0).toLowerCase()] ?? 0);
  }, 0);
  return Number.isSafeInteger(seconds) && seconds > 0 ? seconds : null;
}

const usual = [3_600, 8 * 3_600, 86_400, 7 * 86_400, 30 * 86_400];

/** Lifetimes to choose from, up to the longest that policy offers, which is one of them. Infinity: no bound. */
export function choices(longest: number): readonly number[] {
  const shorter = usual.filter((seconds) => seconds < longest);
  return Number.isFinite(longest) && longest >= 600 ? [...shorter, longest].slice(-4) : shorter.slice(0, 4);
}

/** `a day`, `an hour`, `8 hours`: a length as people say it in a sentence. */
export const said = (seconds: number): string =>
  duration(seconds)
    .replace(/^1 (?=hour$)/, 'an ')
    .replace(/^1 (?=\w+$)/, 'a ');
