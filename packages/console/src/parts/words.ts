/** Words for values: durations, instants in the reader's zone, and names of the API in plain words. All are pure. */

const units = [
  ['day', 86_400],
  ['hour', 3_600],
  ['minute', 60],
  ['second', 1],
] as const;

const counted = (n: number, unit: string): string => `${n} ${unit}${n === 1 ? '' : 's'}`;

/** Seconds in words that lose nothing: 28800 is `8 hours`, 5400 `1 hour 30 minutes`. */
export function duration(seconds: number): string {
  let left = Math.round(seconds);
  const parts: string[] = [];
  for (const [unit, length] of units) {
    const n = Math.floor(left / length);
    if (n > 0) parts.push(counted(n, unit));
    left -= n * length;
  }
  return parts.join(' ') || '0 seconds';
}

/** How far an instant is away, roughly: `16 minutes ago`, `in 3 days`. `now` and numbers are milliseconds. */
export function distance(instant: string | number, now: number): string {
  const seconds = (new Date(instant).getTime() - now) / 1000;
  const far = Math.abs(seconds);
  if (far < 45) return seconds > 0 ? 'in a moment' : 'just now';
  // The largest unit of which there is one, after the next smaller one was rounded: never 60 minutes.
  const [unit, length] = units.slice(0, 2).find(([, one], i) => far >= one - (units[i + 1]?.[1] ?? 0) / 2) ?? units[2];
  const words = counted(Math.max(1, Math.round(far / length)), unit);
  return seconds > 0 ? `in ${words}` : `${words} ago`;
}

/** The words for instants in a zone and a language; undefined: the browser's. Tests have other ones. */
export function instantsIn(timeZone?: string, language?: string) {
  const formatted = (options: Intl.DateTimeFormatOptions, zone = timeZone) =>
    new Intl.DateTimeFormat(language, { ...options, ...(zone !== undefined && { timeZone: zone }) });
  const year = formatted({ year: 'numeric' });
  const dated = formatted({ weekday: 'short', day: 'numeric', month: 'short' });
  const datedWithYear = formatted({ day: 'numeric', month: 'short', year: 'numeric' });
  const clock = formatted({ hour: '2-digit', minute: '2-digit' });
  const wholeClock = formatted({ hour: '2-digit', minute: '2-digit', second: '2-digit', timeZoneName: 'short' });
  const zone = formatted({ timeZoneName: 'short' });
  const whole = { dateStyle: 'medium', timeStyle: 'long' } as const;
  const [here, utc] = [formatted(whole), formatted(whole, 'UTC')];
  return {
    /** An instant in the zone: `Sun 29 Nov, 04:48`; with another year than this; `isWhole`: with second and zone. */
    at: (instant: string | number, now = Date.now(), isWhole = false): string => {
      const date = new Date(instant);
      const isThisYear = year.format(date) === year.format(now);
      return `${(isThisYear ? dated : datedWithYear).format(date).replace(',', '')}, ${(isWhole ? wholeClock : clock).format(date)}`;
    },
    /** The zone at an instant: `CET`, `GMT+5:30`. */
    zoneAt: (instant: string | number): string =>
      zone.formatToParts(new Date(instant)).find(({ type }) => type === 'timeZoneName')?.value ?? '',
    /** An instant to the second in the zone and in UTC, for `title` and for print. */
    exactly: (instant: string | number): string =>
      `${here.format(new Date(instant))} (${utc.format(new Date(instant))})`,
  };
}
export const { at, zoneAt, exactly } = instantsIn();

/** `still works until Sun 29 Nov, 04:48`: certificates that go on although they should not, until the last one ends. */
export const stillWorks = (certificates: readonly { readonly notAfter: string | number }[]): string => {
  const last = Math.max(...certificates.map(({ notAfter }) => new Date(notAfter).getTime()));
  return `still ${certificates.length === 1 ? 'works' : 'work'} until ${at(last)}`;
};

/** `ApiTokenCreated` and `read-secrets` as words: `API token created`, `Read secrets`. */
export function spaced(name: string): string {
  const words = name
    .replace(/([a-z0-9])([A-Z])/g, '$1 $2')
    .replace(/[-_]/g, ' ')
    .replace(/\b([A-Z])(?=[a-z])/g, (letter) => letter.toLowerCase())
    .replace(/\b(api|ca|crl|csr)(s?)\b/g, (_, short: string, s: string) => short.toUpperCase() + s);
  return words.charAt(0).toUpperCase() + words.slice(1);
}

/** Text of the API as a sentence: it begins with a capital letter and ends with a full stop. */
export const sentence = (text: string): string =>
  text.charAt(0).toUpperCase() + text.slice(1) + (/[.!?]$/.test(text) ? '' : '.');

/** `a`, `a or b`, `a, b or c`. */
export const either = (words: readonly string[]): string =>
  words.length < 2 ? (words[0] ?? '') : `${words.slice(0, -1).join(', ')} or ${words.at(-1)}`;

interface Approvers {
  readonly names?: readonly string[];
  readonly groups?: readonly string[];
  readonly roles?: readonly string[];
}

/** Says who may approve. Fields are joined by AND, the values of one by OR; an absent field matches anybody. */
export function approversInWords({ names, groups, roles }: Approvers): string {
  const parts = [
    names && (names.length === 0 ? 'nobody' : either(names)),
    groups && (groups.length === 0 ? 'nobody' : `anyone in ${either(groups)}`),
    roles && (roles.length === 0 ? 'nobody' : `anyone with the role ${either(roles)}`),
  ].filter((part) => part !== undefined);
  return parts.join(', and ') || 'any approver';
}

/** Says who approves a stage: `anyone in team-leads`, `2 people (anyone in team-leads)`. Absent: one approver. */
export const stageInWords = ({ count = 1, approvers = {} }: { count?: number; approvers?: Approvers }): string =>
  count === 1 ? approversInWords(approvers) : `${count} people (${approversInWords(approvers)})`;

/** Says when a certificate is given: `at once`, `after approval by bob, then by anyone in security`. */
export const approvalInWords = (stages: readonly { count?: number; approvers?: Approvers }[]): string =>
  stages.length === 0 ? 'at once' : `after approval by ${stages.map(stageInWords).join(', then by ')}`;

/** A count with its noun: `1 request`, `12 requests`. `more`: there are more than were read. */
export const many = (n: number, noun: string, more = false): string =>
  `${n.toLocaleString('en')}${more ? '+' : ''} ${noun}${n === 1 && !more ? '' : 's'}`;

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
