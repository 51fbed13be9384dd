/** Rows of the timeline, from the compact answer of the API. All functions are pure; instants are milliseconds. */
import { at, distance, many } from '../../parts/words.js';

const statuses = ['valid', 'superseded', 'revoked'] as const;
/** `revoked`: revoked and not refused everywhere, so it still works in some way. */
export type BarStatus = (typeof statuses)[number];

/** A part of time. */
export interface Span {
  readonly from: number;
  readonly to: number;
}

export interface CertificateBar extends Span {
  readonly status: BarStatus;
  readonly groups: readonly string[];
  readonly fingerprint: string;
}

/** A bar as it is drawn: one certificate, or all of one status where a row has too many. */
export interface DrawnBar extends Span {
  readonly status: BarStatus;
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
}

type CompactBar = readonly [
  cluster: number,
  notBefore: number,
  notAfter: number,
  status: number,
  groups: readonly number[],
  fingerprint: string,
];

/** The answer of `GET /v1/timeline`: names once, and certificates with indexes into them and seconds. */
export interface CompactTimeline {
  readonly clusters: readonly string[];
  readonly groups: readonly string[];
  readonly items: readonly {
    readonly username: string;
    readonly blocked: boolean;
    readonly bars: readonly CompactBar[];
  }[];
}

/** More lanes than that are too flat to be seen or hit. */
const mostLanes = 6;

interface Narrow {
  readonly cluster?: string;
  readonly group?: string;
}

/**
 * One row for each username on a cluster, in the order of the answer; clusters of one username by name. The answer has
 * whole identities: `narrow` leaves out what its filters did not ask for.
 */
export function rowsOf({ clusters, groups, items }: CompactTimeline, narrow: Narrow = {}): readonly Row[] {
  const isAsked = ([cluster, , , , indexes]: CompactBar) =>
    (narrow.cluster ?? clusters[cluster]) === clusters[cluster] &&
    (narrow.group === undefined || indexes.some((i) => groups[i] === narrow.group));
  return items.flatMap(({ username, blocked: isBlocked, bars: whole }) => {
    const bars = whole.filter(isAsked);
    if (bars.length === 0) return isBlocked ? [rowOf({ username, isBlocked, cluster: '' }, [])] : [];
    const byCluster = Map.groupBy(bars, ([cluster]) => clusters[cluster] ?? '');
    return [...byCluster]
      .toSorted(([a], [b]) => compare(a, b))
      .map(([cluster, own]) =>
        rowOf(
          { username, isBlocked, cluster },
          own.map(([, notBefore, notAfter, status, indexes, fingerprint]) => ({
            from: notBefore * 1000,
            to: notAfter * 1000,
            status: statuses[status] ?? 'valid',
            groups: indexes.map((i) => groups[i] ?? ''),
            fingerprint,
          })),
        ),
      );
  });
}

function rowOf(about: Pick<Row, 'username' | 'isBlocked' | 'cluster'>, bars: readonly CertificateBar[]): Row {
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
function merged(certificates: readonly CertificateBar[]): readonly Omit<DrawnBar, 'lane'>[] {
  const found: { from: number; to: number; status: BarStatus; certificates: CertificateBar[] }[] = [];
  const open = new Map<BarStatus, (typeof found)[number]>();
  for (const one of certificates) {
    const before = open.get(one.status);
    if (before && one.from <= before.to) {
      before.to = Math.max(before.to, one.to);
      before.certificates.push(one);
      continue;
    }
    const begun = { from: one.from, to: one.to, status: one.status, certificates: [one] };
    open.set(one.status, begun);
    found.push(begun);
  }
  return found;
}

export type Order = 'name' | 'end';

/** By name as the answer has them, or those first that end first; rows without certificates last. */
export function ordered(rows: readonly Row[], order: Order): readonly Row[] {
  if (order === 'name') return rows;
  return rows.toSorted((a, b) => (a.ends || Infinity) - (b.ends || Infinity) || compare(a.key, b.key));
}

const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

/** All the time that the rows and this instant take. */
export function spanOf(rows: readonly Row[], now: number): Span {
  let [from, to] = [now - 60_000, now + 60_000];
  for (const { certificates } of rows)
    for (const bar of certificates) [from, to] = [Math.min(from, bar.from), Math.max(to, bar.to)];
  return { from, to };
}

/** How many certificates of the rows are there at this instant and end after it. */
export const liveAt = (rows: readonly Row[], instant: number): number =>
  rows.reduce((n, { certificates }) => n + certificates.filter(({ to }) => to > instant).length, 0);

/** How many certificates are live in each of `bins` equal parts of the span. */
export function liveOverTime(rows: readonly Row[], { from, to }: Span, bins: number): readonly number[] {
  const changes = new Array<number>(bins + 1).fill(0);
  const count = (instant: number, by: number) => {
    const bin = Math.min(bins, Math.max(0, Math.floor(((instant - from) / (to - from)) * bins)));
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
export const statusOf = ({ status, to }: Pick<DrawnBar, 'status' | 'to'>, now: number): BarStatus | 'expired' =>
  to <= now ? 'expired' : status;

const groupsInWords = (groups: readonly string[]): string => groups.join(', ') || 'no group';

/** The text on a bar. */
export const labelOf = ({ certificates }: Pick<DrawnBar, 'certificates'>): string =>
  certificates.length > 1 ? many(certificates.length, 'certificate') : groupsInWords(certificates[0]?.groups ?? []);

/** The name of a bar, which begins with its status. */
export const nameOf = (bar: DrawnBar, now: number): string =>
  `${statusOf(bar, now)}: ${labelOf(bar)}, ${at(bar.from)} to ${at(bar.to)}, ` +
  `${bar.to <= now ? 'ended' : 'ends'} ${distance(bar.to, now)}`;

/** The bars of a row in words. */
export const inWords = ({ drawn }: Pick<Row, 'drawn'>, now: number): string =>
  drawn
    .map((bar) => {
      const isOver = bar.to <= now;
      const last = bar.certificates.length > 1 ? 'the last ' : '';
      return `${statusOf(bar, now)}: ${labelOf(bar)}, ${last}${isOver ? 'until' : 'ends'} ${at(bar.to)}`;
    })
    .join('; ') || 'no live certificate';
