/** The window of the timeline, and the ticks of its axis. All functions are pure; instants are milliseconds. */
import { at } from '../../parts/words.js';

const minute = 60_000;
export const day = 1440 * minute;
const narrowest = 10 * minute;

/** A part of time. */
export interface Span {
  readonly from: number;
  readonly to: number;
}

/** Where an instant is in a span: 0 at its beginning, 1 at its end. */
export const shareOf = (instant: number, { from, to }: Span): number => (instant - from) / (to - from);

/** The window of a page without one in its address: half a day before this instant, and more after it. */
export const firstView = (now: number): Span => ({ from: now - day / 2, to: now + 2.5 * day });

/** A window that is `factor` as wide and has the instant `around` where it was. */
export function zoomed(view: Span, factor: number, around: number, whole: Span): Span {
  const widest = Math.max(2 * (whole.to - whole.from), 4 * day);
  const width = Math.min(Math.max((view.to - view.from) * factor, narrowest), widest);
  const from = around - width * shareOf(around, view);
  return { from, to: from + width };
}

/** The window moved by a share of its width. A part of all the time that there is stays in it. */
export function shifted({ from, to }: Span, share: number, whole: Span): Span {
  const width = to - from;
  const around = { from: whole.from - 0.4 * width, to: whole.to + 0.4 * width };
  return centred({ from, to }, (from + to) / 2 + width * share, around);
}

/** The window with this instant in its middle, or the nearest one that there is. */
export function centred({ from, to }: Span, middle: number, whole: Span): Span {
  const half = (to - from) / 2;
  const centre = Math.min(Math.max(middle, whole.from), whole.to);
  return { from: centre - half, to: centre + half };
}

/** A window from the address; null where it has none that can be shown. */
export function spanFrom(from: string | undefined, to: string | undefined): Span | null {
  const [begin, end] = [Date.parse(from ?? ''), Date.parse(to ?? '')];
  return end - begin >= minute ? { from: begin, to: end } : null;
}

/** A window for the address, to the second. */
export const spanInAddress = ({ from, to }: Span) => ({ from: seconds(from), to: seconds(to) });
const seconds = (instant: number): string => new Date(instant).toISOString().replace(/\.\d+/, '');

const inMinutes = [5, 15, 30, 60, 180, 360, 720].map((n) => [n * minute, 'Minutes', n] as const);
const inDays = [1, 2, 7, 14].map((n) => [n * day, 'Date', n] as const);
const inMonths = [1, 3, 6, 12].map((n) => [n * 30 * day, 'Month', n] as const);
const steps = [...inMinutes, ...inDays, ...inMonths] as const;

/**
 * At most `most` round instants of the reader's time zone, more or less: local days may have 23 or 25 hours. Strong
 * are midnights among hours, and first days of a month among days.
 */
export function ticks({ from, to }: Span, most: number) {
  const [, unit, count] = steps.find(([length]) => (to - from) / length <= most) ?? (['', 'Month', 60] as const);
  const date = new Date(from);
  date.setHours(0, 0, 0, 0);
  if (unit === 'Month') date.setMonth(date.getMonth() - (date.getMonth() % count), 1);
  const found: { readonly instant: number; readonly label: string; readonly isStrong: boolean }[] = [];
  for (; date.getTime() < to; date[`set${unit}`](date[`get${unit}`]() + count)) {
    const instant = date.getTime();
    if (instant < from) continue;
    const [calendar = '', clock = ''] = at(instant, from).split(/, (?=[^,]*$)/);
    const isMidnight = date.getHours() === 0 && date.getMinutes() === 0;
    const isStrong = isMidnight && (unit === 'Minutes' || date.getDate() === 1);
    found.push({ instant, isStrong, label: unit !== 'Minutes' || isMidnight ? calendar : clock });
  }
  return found;
}
