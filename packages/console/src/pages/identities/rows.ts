/** Rows of the timeline, from the compact answer of the API. All functions are pure; instants are milliseconds. */
import { at, distance, many, stillWorks } from '../../parts/words.js';
import type { Schemas } from '../../service/client.js';
import { shareOf, type Span } from './spans.js';

/** `revoked`: revoked and not refused everywhere, so it still works in some way. */
const statuses = ['valid', 'superseded', 'revoked'] as const;

interface Bar extends Span {
  readonly status: (typeof statuses)[number];
}
interface CertificateBar extends Bar {
  readonly groups: readonly string[];
  readonly fingerprint: string;
}
/** A bar as it is drawn: one certificate, or all of one status where a row has too many. */
export interface DrawnBar extends Bar {
  /** Bars that overlap lie below each other. */
  readonly lane: number;
  readonly certificates: readonly CertificateBar[];
}

/** A username on a cluster. A blocked one without certificates has the cluster `''` and no bars. */
export interface Row {
  readonly key: string;
  readonly username: string;
  readonly isBlocked: boolean;
  readonly cluster: string;
  readonly certificates: readonly CertificateBar[];
  readonly drawn: readonly DrawnBar[];
  readonly lanes: number;
  /** When the last certificate ends. */
  readonly ends: number;
  /** How many later certificates of the username, on any cluster, the answer leaves out. */
  readonly omitted: number;
}

/** The answer of the API: names once, and certificates with indexes into them and seconds. */
type Compact = Omit<Schemas['Timeline'], 'nextCursor'>;
type CompactBar = Compact['items'][number]['bars'][number];

/** More lanes than that are too flat to be seen or hit. */
const mostLanes = 6;

/**
 * One row for each username on a cluster, in the order of the answer; clusters of one username by name. The answer has
 * whole identities: `only` leaves out what its filters did not ask for.
 */
export function rowsOf(
  { clusters, groups, items }: Compact,
  only: { readonly cluster?: string; readonly group?: string } = {},
): readonly Row[] {
  const isAsked = ([cluster, , , , indexes]: CompactBar) =>
    (only.cluster ?? clusters[cluster]) === clusters[cluster] &&
    (only.group === undefined || indexes.some((i) => groups[i] === only.group));
  const barOf = ([, notBefore, notAfter, status, indexes, fingerprint]: CompactBar): CertificateBar => ({
    ...{ from: notBefore * 1000, to: notAfter * 1000, fingerprint },
    status: statuses[status] ?? 'valid',
    groups: indexes.map((i) => groups[i] ?? ''),
  });
  return items.flatMap(({ username, blocked: isBlocked, bars: whole, omitted }) => {
    const bars = whole.filter(isAsked);
    if (bars.length === 0) return isBlocked ? [rowOf({ username, isBlocked, cluster: '', omitted }, [])] : [];
    return [...Map.groupBy(bars, ([cluster]) => clusters[cluster] ?? '')]
      .toSorted(([a], [b]) => compare(a, b))
      .map(([cluster, own]) => rowOf({ username, isBlocked, cluster, omitted }, own.map(barOf)));
  });
}

function rowOf(
  about: Pick<Row, 'username' | 'isBlocked' | 'cluster' | 'omitted'>,
  bars: readonly CertificateBar[],
): Row {
  const certificates = bars.toSorted((a, b) => a.from - b.from || a.to - b.to);
  const single = inLanes(certificates.map((one) => ({ ...one, certificates: [one] })));
  const drawn = single.lanes <= mostLanes ? single : inLanes(merged(certificates));
  const ends = certificates.reduce((last, { to }) => Math.max(last, to), 0);
  return { ...about, ...drawn, certificates, ends, key: `${about.username}\n${about.cluster}` };
}

/** Puts each bar into the first lane that is free when it begins. Bars are by their beginning. */
function inLanes(bars: readonly Omit<DrawnBar, 'lane'>[]): Pick<Row, 'drawn' | 'lanes'> {
  const laneEnds: number[] = [];
  const drawn = bars.map(({ from, to, status, certificates }) => {
    const free = laneEnds.findIndex((end) => end <= from);
    const lane = free < 0 ? laneEnds.length : free;
    laneEnds[lane] = to;
    return { from, to, status, certificates, lane };
  });
  return { drawn, lanes: Math.max(1, laneEnds.length) };
}

/** One bar for all certificates of one status that overlap. */
function merged(certificates: readonly CertificateBar[]) {
  const found: (Bar & { to: number; readonly certificates: CertificateBar[] })[] = [];
  for (const one of certificates) {
    const open = found.findLast(({ status }) => status === one.status);
    if (open && one.from <= open.to) {
      open.to = Math.max(open.to, one.to);
      open.certificates.push(one);
    } else found.push({ from: one.from, to: one.to, status: one.status, certificates: [one] });
  }
  return found;
}

/** By name as the answer has them, or those first that end first; rows without certificates last. */
export const ordered = (rows: readonly Row[], order: 'name' | 'end'): readonly Row[] =>
  order === 'name'
    ? rows
    : rows.toSorted((a, b) => (a.ends || Infinity) - (b.ends || Infinity) || compare(a.key, b.key));

const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

/** All the time that the rows and this instant take. */
export function spanOf(rows: readonly Row[], now: number): Span {
  let [from, to] = [now - 60_000, now + 60_000];
  for (const { certificates } of rows)
    for (const bar of certificates) [from, to] = [Math.min(from, bar.from), Math.max(to, bar.to)];
  return { from, to };
}

/** How many certificates of the rows end after this instant. Those that are revoked are not live. */
export const liveAt = (rows: readonly Row[], instant: number): number =>
  rows.reduce(
    (n, { certificates }) => n + certificates.filter(({ to, status }) => to > instant && status !== 'revoked').length,
    0,
  );

/** `1 revoked, still works until Wed 2 Dec, 22:08`; nothing where every revoked certificate is refused. */
export function revokedInWords(rows: readonly Row[], now: number): string {
  const found = rows.flatMap(({ certificates }) =>
    certificates.flatMap(({ to, status }) => (to > now && status === 'revoked' ? [{ notAfter: to }] : [])),
  );
  return found.length === 0 ? '' : `${found.length.toLocaleString('en')} revoked, ${stillWorks(found)}`;
}

/** How many certificates are live in each of `bins` equal parts of the span. */
export function liveOverTime(rows: readonly Row[], span: Span, bins: number): readonly number[] {
  const changes = new Array<number>(bins + 1).fill(0);
  const count = (instant: number, by: number) => {
    const bin = Math.min(bins, Math.max(0, Math.floor(shareOf(instant, span) * bins)));
    changes[bin] = (changes[bin] ?? 0) + by;
  };
  for (const { certificates } of rows)
    for (const bar of certificates) {
      count(bar.from, 1);
      count(bar.to, -1);
    }
  let live = 0;
  return changes.slice(0, bins).map((by) => (live += by));
}

/** The status in words: a certificate that ended while the page was open is no longer valid. */
export const statusOf = ({ status, to }: Bar, now: number) => (to <= now ? 'expired' : status);

/** The text on a bar. */
export const labelOf = ({ certificates: [one, ...others] }: Pick<DrawnBar, 'certificates'>): string =>
  others.length > 0 ? many(others.length + 1, 'certificate') : one?.groups.join(', ') || 'no group';

/** The name of a bar, which begins with its status. */
export const nameOf = (bar: DrawnBar, now: number): string =>
  `${statusOf(bar, now)}: ${labelOf(bar)}, ${at(bar.from)} to ${at(bar.to)}, ` +
  `${bar.to <= now ? 'ended' : 'ends'} ${distance(bar.to, now)}`;

/** Tells how many certificates a row leaves out. The answer counts 10,000 at most. */
export const leftOut = (omitted: number): string =>
  `${many(omitted, 'later certificate', omitted >= 10_000)} not shown`;

/** The bars of a row in words. */
export function inWords({ drawn, omitted }: Pick<Row, 'drawn' | 'omitted'>, now: number): string {
  const words = drawn.map((bar) => {
    const last = bar.certificates.length > 1 ? 'the last ' : '';
    return `${statusOf(bar, now)}: ${labelOf(bar)}, ${last}${bar.to <= now ? 'until' : 'ends'} ${at(bar.to)}`;
  });
  if (omitted > 0) words.push(leftOut(omitted));
  return words.join('; ') || 'no live certificate';
}
