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

/** How many runs of tallies a page looks through, and how many tallies are read at once. */
const [runsAtMost, talliesAtOnce] = [64, 500] as const;

/**
 * As `selectKeys`, for the certificates of a CA. No index has them, so a page goes through those stretches of the list
 * in which the tallies have any. A CA with three certificates among a million is found at once; a page that was in 64
 * stretches ends. Where another filter is rare, that one leads to the certificates.
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
  for (let runs = 0; ;) {
    const { begins, isLast } = await readTallies(reads, tallies, after, part.until as Date | undefined);
    for (const { begin, end } of runsIn(begins)) {
      if (runs++ === runsAtMost) return { keys, goesOnBehind: after };
      const within = { ...part, after: laterOf(after, begin), until: earlierOf(part.until as Date | undefined, end) };
      const found = await selectKeys(reads, within, take - keys.length);
      keys.push(...found.keys);
      if (keys.length === take || found.goesOnBehind !== null) return { keys, goesOnBehind: found.goesOnBehind };
      after = [end, 0n];
    }
    if (isLast) return { keys, goesOnBehind: null };
  }
}

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
  const sql = `SELECT "notAfter" FROM "IssuerTally" WHERE "issuerSha256" = ? AND "cluster" = ?${some}`;
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

/** Where the next tallies begin, in order and each once; `isLast`: none follow. */
async function readTallies(
  { readRows }: KeyReads,
  tallies: readonly ReadStatement[],
  after: ListKey,
  until: Date | undefined,
): Promise<{ readonly begins: readonly number[]; readonly isLast: boolean }> {
  const range = `AND "notAfter" >= ?${until === undefined ? '' : ' AND "notAfter" < ?'}`;
  const found = await Promise.all(
    tallies.map(({ sql, parameters }) =>
      readRows({
        sql: `${sql} ${range} ORDER BY "notAfter" LIMIT ${String(talliesAtOnce)}`,
        parameters: [...parameters, tallyOf(after[0] as Date), ...(until === undefined ? [] : [until])],
      }),
    ),
  );
  const begins = new Set(
    found.flat().map((row) => new Date((row as { readonly notAfter: number | Date }).notAfter).getTime()),
  );
  return {
    begins: [...begins].sort((a, b) => a - b).slice(0, talliesAtOnce),
    isLast: begins.size <= talliesAtOnce && found.every(({ length }) => length < talliesAtOnce),
  };
}

/** Stretches without a gap. */
function runsIn(begins: readonly number[]): readonly { readonly begin: Date; readonly end: Date }[] {
  const runs: { begin: Date; end: Date }[] = [];
  for (const begin of begins) {
    const last = runs.at(-1);
    const end = new Date(begin + tallied);
    if (last?.end.getTime() === begin) last.end = end;
    else runs.push({ begin: new Date(begin), end });
  }
  return runs;
}

/** Numbers of certificates begin with 1, so this one lies before all that end at `begin`. */
const laterOf = (after: ListKey, begin: Date): ListKey => ((after[0] as Date) < begin ? [begin, 0n] : after);

const earlierOf = (until: Date | undefined, end: Date): Date => (until !== undefined && until < end ? until : end);
