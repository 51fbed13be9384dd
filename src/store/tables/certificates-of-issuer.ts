import { hash } from 'node:crypto';
import type { StatusFilter } from '../../model/certificate.js';
import { beforeAll, type KeyReads, type ListKey, type ListPart } from '../lists/list.js';
import { hasRareFilter, selectKeys, type KeysInOrder } from '../lists/select-keys.js';
import { octetsIn, octetsOf, type Condition, type ReadStatement } from '../steps/statement.js';

/** How long the ends lie apart that one row of `IssuerTally` counts, in milliseconds. */
export const tallied = 600_000;

/** The beginning of the ten minutes with this end. */
export const tallyOf = (end: Date): Date => new Date(Math.floor(end.getTime() / tallied) * tallied);

/** The key of a CA in the tables of certificates. */
export const issuerSha256 = (fingerprintSha256: string): Buffer => octetsOf(hash('sha256', fingerprintSha256, 'hex'));

/** Certificates of a CA, in the order of their ends. */
export interface OfIssuer {
  /** SHA-256 of each certificate that the CA had, lower-case hex. */
  readonly fingerprintsSha256: readonly string[];
  readonly cluster: string | undefined;
  readonly status: StatusFilter | undefined;
}

/** A page looks through so many stretches at most, and ends behind the stretch that fills it. */
const [runsAtMost, certificatesAtMost] = [64, 1000] as const;
const runsAtOnce = 8;
const talliesAtOnce = 500;

/**
 * As `selectKeys`, for the certificates of a CA. No index has them, so a page goes through those stretches of the list
 * in which the tallies have any: three certificates of an old CA are found at once among a million. Where another
 * filter is rare, that one leads to the certificates.
 */
export async function selectKeysOfIssuer(
  reads: KeyReads,
  listed: ListPart,
  wanted: OfIssuer,
  take: number,
): Promise<KeysInOrder> {
  const issuers = wanted.fingerprintsSha256.flatMap((text) => (octetsIn(text) ? [issuerSha256(text)] : []));
  if (issuers.length === 0) return { keys: [], goesOnBehind: null };
  const part = { ...listed, conditions: [...(listed.conditions ?? []), signedBy(issuers)] };
  if (await hasRareFilter(reads, part)) return selectKeys(reads, part, take);
  const tallies = await talliesOf(reads, issuers, wanted);
  const keys: ListKey[] = [];
  let after: ListKey = part.after ?? beforeAll(part.order);
  let [looked, examined] = [0, 0];
  for (;;) {
    const { next, isLast } = await readTallies(reads, tallies, after, part.until as Date | undefined);
    const runs = runsIn(next);
    while (runs.length > 0) {
      if (looked >= runsAtMost || examined >= certificatesAtMost) return { keys, goesOnBehind: after };
      // The first one often fills the page; the others are looked through side by side.
      const some = runs.splice(0, looked === 0 ? 1 : runsAtOnce);
      for (const found of await Promise.all(some.map((run) => selectKeys(reads, within(part, run), take)))) {
        keys.push(...found.keys);
        if (keys.length >= take || found.goesOnBehind !== null)
          return { keys: keys.slice(0, take), goesOnBehind: found.goesOnBehind };
      }
      looked += some.length;
      for (const { end, certificates } of some) [after, examined] = [[end, 0n], examined + certificates];
    }
    if (isLast) return { keys, goesOnBehind: null };
  }
}

/**
 * The part of a list that lies in a run. Numbers of certificates begin with 1, so no certificate lies before `[begin,
 * 0]`.
 */
const within = (part: ListPart, { begin, end }: Run): ListPart => ({
  ...part,
  after: part.after !== null && (part.after[0] as Date) >= begin ? part.after : [begin, 0n],
  until: part.until !== undefined && (part.until as Date) < end ? part.until : end,
});

const signedBy = (issuers: readonly Buffer[]): Condition => ({
  sql: `COALESCE("r"."issuerSha256", "r"."issuerSha256") IN (${issuers.map(() => '?').join(', ')})`,
  parameters: issuers,
});

/** For each CA certificate and each cluster, how its tallies are selected; their instants come behind. */
async function talliesOf(
  reads: KeyReads,
  issuers: readonly Buffer[],
  { cluster, status }: OfIssuer,
): Promise<readonly ReadStatement[]> {
  const some =
    status === 'revoked' ? ' AND "revoked" > 0' : status === undefined ? '' : ' AND "certificates" > "revoked"';
  const sql = `SELECT "notAfter", "certificates" FROM "IssuerTally" WHERE "issuerSha256" = ? AND "cluster" = ?${some}`;
  const found = await Promise.all(
    issuers.map(async (issuer) => {
      const clusters = cluster === undefined ? await clustersOf(reads, issuer) : [cluster];
      return clusters.map((one) => ({ sql, parameters: [issuer, one] }));
    }),
  );
  return found.flat();
}

/** Each read finds the next one on the index, however many tallies a cluster has. */
async function clustersOf({ readRows }: KeyReads, issuer: Buffer): Promise<readonly string[]> {
  const clusters: string[] = [];
  for (;;) {
    const [row] = await readRows({
      sql: `SELECT "cluster" FROM "IssuerTally" WHERE "issuerSha256" = ? AND "cluster" > ? ORDER BY "cluster" LIMIT 1`,
      parameters: [issuer, clusters.at(-1) ?? ''],
    });
    if (row === undefined) return clusters;
    clusters.push((row as { readonly cluster: string }).cluster);
  }
}

/** Certificates that end between two instants, the first included. */
interface Run {
  readonly begin: Date;
  readonly end: Date;
  readonly certificates: number;
}

/** The next tallies, in order and each once; `isLast`: none follow. */
async function readTallies(
  { readRows }: KeyReads,
  tallies: readonly ReadStatement[],
  after: ListKey,
  until: Date | undefined,
): Promise<{ readonly next: readonly Run[]; readonly isLast: boolean }> {
  const range = `AND "notAfter" >= ?${until === undefined ? '' : ' AND "notAfter" < ?'}`;
  const read = await Promise.all(
    tallies.map(({ sql, parameters }) =>
      readRows({
        sql: `${sql} ${range} ORDER BY "notAfter" LIMIT ${String(talliesAtOnce)}`,
        parameters: [...parameters, tallyOf(after[0] as Date), ...(until === undefined ? [] : [until])],
      }),
    ),
  );
  const found = new Map<number, number>();
  for (const row of read.flat() as readonly { readonly notAfter: number | Date; readonly certificates: number }[]) {
    const begin = new Date(row.notAfter).getTime();
    found.set(begin, (found.get(begin) ?? 0) + row.certificates);
  }
  return {
    next: [...found]
      .sort(([a], [b]) => a - b)
      .slice(0, talliesAtOnce)
      .map(([begin, certificates]) => ({ begin: new Date(begin), end: new Date(begin + tallied), certificates })),
    isLast: found.size <= talliesAtOnce && read.every(({ length }) => length < talliesAtOnce),
  };
}

/** Joins runs that have no gap between them. */
function runsIn(tallies: readonly Run[]): Run[] {
  const runs: Run[] = [];
  for (const one of tallies) {
    const last = runs.at(-1);
    if (last?.end.getTime() !== one.begin.getTime()) runs.push(one);
    else runs.splice(-1, 1, { ...last, end: one.end, certificates: last.certificates + one.certificates });
  }
  return runs;
}
