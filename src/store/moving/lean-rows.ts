import { hash } from 'node:crypto';
import { type ColumnValue, octetsIn, type Row, serialOctetsIn, uuidOctetsIn } from '../steps/statement.js';

// The tables may have been edited by hand, and SQLite's columns hold values of any type. A value without the expected
// form is kept as far as the new column can hold it, so that it neither stops the service nor passes for another value.

export const asText = (value: unknown): string =>
  typeof value === 'string' ? value : value instanceof Uint8Array ? Buffer.from(value).toString() : String(value);

/** The octets that a column has in hex; those of the text itself where it is no hex. */
export const octetsOfHex = (value: unknown): Buffer => octetsIn(asText(value)) ?? Buffer.from(asText(value));

/** The octets of a request's id; those of the text itself where it is no UUID. */
export const idOctets = (value: unknown): Buffer => uuidOctetsIn(asText(value)) ?? Buffer.from(asText(value));

export const orNull = <T>(value: unknown, of: (value: unknown) => T): T | null => (value === null ? null : of(value));

/** An instant for a new column; what is no instant stays as it is. */
export function instant(database: MovingDatabase, value: unknown): ColumnValue {
  if (value === null) return null;
  const found = database.instantOf(value);
  return Number.isNaN(found.getTime()) ? (value as ColumnValue) : found;
}

/** JSON columns arrive as text from SQLite and parsed from PostgreSQL. Null where the column holds no object. */
function objectIn(value: unknown): OldRow | null {
  try {
    const json: unknown = typeof value === 'string' ? JSON.parse(value) : value;
    return typeof json === 'object' && json !== null && !Array.isArray(json) ? (json as OldRow) : null;
  } catch {
    return null;
  }
}

type HashedRow = Row & { readonly sha256: Buffer };

/** The number `n` is the request's place in the order of the ids. */
export function requestRows(
  database: MovingDatabase,
  old: OldRow,
  n: number,
): {
  readonly request: Row;
  readonly decision: HashedRow;
} {
  const { decision, ...same } = old;
  const decisionObject = objectIn(decision);
  const { decidedAt, ...withoutInstant } = decisionObject ?? {};
  const unchanged = typeof decision === 'string' ? decision : JSON.stringify(decision);
  const text = decisionObject ? JSON.stringify(withoutInstant) : unchanged;
  const decided = new Date(asText(decidedAt));
  const sha256 = hash('sha256', text, 'buffer');
  const createdAt = instant(database, old['createdAt']);
  const objectName = objectIn(old['attemptIntent'])?.['objectName'];
  return {
    decision: { sha256, text },
    request: {
      n,
      ...(same as Row),
      id: idOctets(old['id']),
      spkiSha256: orNull(old['spkiSha256'], octetsOfHex),
      createdAt,
      expiresAt: instant(database, old['expiresAt']),
      decisionSha256: sha256,
      decidedAt: Number.isNaN(decided.getTime()) ? createdAt : decided,
      attemptLeaseUntil: instant(database, old['attemptLeaseUntil']),
      attemptStartedAt: instant(database, old['attemptStartedAt']),
      attemptSpkiSha256: orNull(old['attemptSpkiSha256'], octetsOfHex),
      attemptObjectName: typeof objectName === 'string' ? objectName : null,
      fingerprintSha256: orNull(old['fingerprintSha256'], octetsOfHex),
    },
  };
}

/** The number `n` is the certificate's place in the order of issuance. */
export function certificateRows(
  database: MovingDatabase,
  old: OldRow,
  n: number,
  requestN: number,
): { readonly certificate: Row; readonly issuer: HashedRow; readonly memberships: readonly Row[] } {
  const { issuer: name, issuerIdentity: identity, issuerFingerprintSha256, requestId: _, ...same } = old;
  const issuerSha256 = hash('sha256', asText(identity), 'buffer');
  const notAfter = instant(database, old['notAfter']);
  return {
    issuer: {
      sha256: issuerSha256,
      identity: identity as string,
      name: name as string,
      fingerprintSha256: orNull(issuerFingerprintSha256, octetsOfHex),
    },
    certificate: {
      n,
      ...(same as Row),
      fingerprintSha256: octetsOfHex(old['fingerprintSha256']),
      serialNumber: serialOctetsIn(asText(old['serialNumber'])) ?? octetsOfHex(old['serialNumber']),
      issuerSha256,
      notBefore: instant(database, old['notBefore']),
      notAfter,
      spkiSha256: octetsOfHex(old['spkiSha256']),
      requestN,
      issuedAt: instant(database, old['issuedAt']),
    },
    memberships: groupsIn(old['groups']).map((group) => ({ name: group, certificateN: n, notAfter })),
  };
}

function groupsIn(value: unknown): readonly string[] {
  try {
    const groups: unknown = typeof value === 'string' ? JSON.parse(value) : value;
    return Array.isArray(groups) ? [...new Set(groups.filter((group) => typeof group === 'string'))] : [];
  } catch {
    return [];
  }
}

/** A row of an old table, each value as the database gives it. */
export type OldRow = Readonly<Record<string, unknown>>;

/** The parts of a database that moving needs. Names of tables and columns come from the code, never from a caller. */
export interface MovingDatabase {
  /** Runs `work` in one transaction, which is undone where `work` throws. */
  transaction(work: () => Promise<void>): Promise<void>;
  /** Answers the rows that are found. `sql` has `?` for each parameter in turn. */
  select(sql: string, parameters?: readonly unknown[]): Promise<readonly OldRow[]>;
  execute(sql: string): Promise<void>;
  /** Inserts rows with the same columns. `existing`: what becomes of rows whose key exists (default: an error). */
  insert(table: string, rows: readonly Row[], existing?: 'leave out'): Promise<void>;
  /** The numbers of the requests that were moved, by their ids in hex. */
  requestNumbers(ids: readonly Buffer[]): Promise<ReadonlyMap<string, number>>;
  /** The instant in a column of an old table; an invalid date where the column holds something else. */
  instantOf(value: unknown): Date;
  /** The octets in a column of a new table. */
  octetsOf(value: unknown): Buffer;
}
