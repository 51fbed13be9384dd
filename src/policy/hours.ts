import { didYouMean } from '@kubepass/inspect/formats';

export const weekdays = ['Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat', 'Sun'] as const;
type Weekday = (typeof weekdays)[number];

/** Hours as written in a policy. `from` and `to` are HH:MM; both are given, or both are absent. */
export interface WrittenHours {
  readonly timeZone: string;
  readonly weekdays?: readonly Weekday[];
  readonly from?: string;
  readonly to?: string;
}

/** Hours on the clock of a time zone. */
export interface Hours {
  /** The hours as the trace describes them. */
  readonly expected: string;
  include(now: Date): boolean;
  /** The time on that clock: `Sat 12:03`. */
  clockAt(now: Date): string;
}

/**
 * Compiles hours, or refuses every error in them; the result is of use only if there was none. A range that ends
 * before it begins goes over midnight, and belongs to the day on which it begins. The clock on the wall decides: if
 * daylight saving time skips an hour of the range, the range is shorter that day; if it repeats one, the range is
 * longer.
 */
export function compileHours(
  { timeZone, weekdays: days = weekdays, from, to }: WrittenHours,
  refuse: (field: keyof WrittenHours, message: string) => void,
): Hours | null {
  const clock = clockOf(timeZone);
  const begin = from === undefined ? 0 : minutesOf(from);
  const end = to === undefined ? minutesOfDay : minutesOf(to);
  if (clock === null) {
    const meant = didYouMean(timeZone, Intl.supportedValuesOf('timeZone'));
    refuse('timeZone', `"${timeZone}" is not an IANA time zone${meant}`);
  }
  if (begin === null || begin === minutesOfDay) refuse('from', 'must be a time of day, 00:00 to 23:59');
  if (end === null) refuse('to', 'must be a time of day, 00:00 to 24:00');
  if ((from === undefined) !== (to === undefined))
    refuse(from === undefined ? 'from' : 'to', 'is missing: a range needs both ends');
  if (from !== undefined && from === to) refuse('to', 'must not be the same as from: leave both out for the whole day');
  if (clock === null || begin === null || end === null) return null;

  const range = from === undefined ? '' : ` ${from}–${to}`;
  const overMidnight = end <= begin;
  return {
    expected: `${days.length === weekdays.length ? 'every day' : days.join(', ')}${range}, ${timeZone}`,
    include(now) {
      const { weekday, minutes } = clock(now);
      if (!overMidnight) return days.includes(weekday) && minutes >= begin && minutes < end;
      return (days.includes(weekday) && minutes >= begin) || (days.includes(dayBefore(weekday)) && minutes < end);
    },
    clockAt(now) {
      const { weekday, minutes } = clock(now);
      return `${weekday} ${twoDigits(Math.floor(minutes / 60))}:${twoDigits(minutes % 60)}`;
    },
  };
}

const minutesOfDay = 24 * 60;

function minutesOf(text: string): number | null {
  const [, hours, minutes] = /^([01]\d|2[0-4]):([0-5]\d)$/.exec(text) ?? [];
  const total = Number(hours) * 60 + Number(minutes);
  return total <= minutesOfDay ? total : null; // Also null for NaN.
}

const twoDigits = (value: number): string => `${value}`.padStart(2, '0');
const dayBefore = (day: Weekday): Weekday => weekdays[(weekdays.indexOf(day) + 6) % 7] ?? day;

interface ClockTime {
  readonly weekday: Weekday;
  /** Minutes since midnight. */
  readonly minutes: number;
}

type Clock = (now: Date) => ClockTime;

/** One clock per time zone, because making a formatter takes longer than a hundred decisions. */
const clocks = new Map<string, Clock>();

function clockOf(timeZone: string): Clock | null {
  const key = timeZone.toLowerCase(); // The names of time zones are not case-sensitive.
  const known = clocks.get(key);
  if (known) return known;
  const format = formatOf(timeZone);
  if (format === null) return null;
  // There are many decisions in a minute, and the clock shows the same time for all of them.
  let minute = NaN;
  let shown: ClockTime | undefined;
  const clock = (now: Date): ClockTime => {
    const asked = Math.floor(now.getTime() / 60_000);
    if (shown && asked === minute) return shown;
    shown = readParts(format.formatToParts(now));
    minute = asked;
    return shown;
  };
  clocks.set(key, clock);
  return clock;
}

function formatOf(timeZone: string): Intl.DateTimeFormat | null {
  if (!/^[A-Za-z]/.test(timeZone)) return null; // Some runtimes also accept offsets.
  try {
    return new Intl.DateTimeFormat('en-US', {
      timeZone,
      weekday: 'short',
      hour: '2-digit',
      minute: '2-digit',
      hourCycle: 'h23',
    });
  } catch {
    return null;
  }
}

function readParts(parts: readonly Intl.DateTimeFormatPart[]): ClockTime {
  const part = (type: Intl.DateTimeFormatPartTypes) => parts.find((candidate) => candidate.type === type)?.value;
  const weekday = weekdays.find((day) => day === part('weekday'));
  const minutes = Number(part('hour')) * 60 + Number(part('minute'));
  if (weekday === undefined || Number.isNaN(minutes)) throw new Error('the clock of the time zone cannot be read');
  return { weekday, minutes };
}
