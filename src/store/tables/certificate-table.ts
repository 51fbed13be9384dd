import type { Certificate, CertificateFilter } from '../../model/certificate.js';
import type { KeyAlgorithm } from '../../x509/strict/key-algorithm.js';
import type { Page, PageQuery, Visibility } from '../../model/page.js';
import type { Prisma, PrismaClient } from '../generated/sqlite/client.js';
import { insertInto, insertSql, storedJson, type Columns, type Statement } from '../statement.js';
import type { CertificateReader } from '../store.js';
import { inBatches, instantInCursor, invalidCursor, readPage, readVisible } from './read-page.js';

const certificateColumns = {
  fingerprintSha256: true,
  serialNumber: true,
  subject: true,
  issuer: true,
  issuerIdentity: true,
  issuerFingerprintSha256: true,
  username: true,
  groups: true,
  notBefore: true,
  notAfter: true,
  publicKeyAlgorithm: true,
  spkiSha256: true,
  cluster: true,
  requestId: true,
  requesterName: true,
  collector: true,
  der: true,
  orphan: true,
  issuedAt: true,
} as const satisfies Prisma.CertificateSelect;

type CertificateRow = Prisma.CertificateGetPayload<{ select: typeof certificateColumns }>;

type CertificateGroupRow = Prisma.CertificateGroupGetPayload<object>;

/** The parties who may see the certificate; the insertion copies them from the request. */
type CertificateParties = Pick<CertificateRow, 'requesterName' | 'collector'>;

/** The row without its parties. */
export function certificateRow(certificate: Certificate): Columns<Omit<CertificateRow, keyof CertificateParties>> {
  return {
    fingerprintSha256: certificate.fingerprintSha256,
    serialNumber: certificate.serialNumber,
    subject: certificate.subject,
    issuer: certificate.issuer,
    issuerIdentity: issuerIdentity(certificate),
    issuerFingerprintSha256: certificate.issuerFingerprintSha256,
    username: certificate.username,
    groups: certificate.groups,
    notBefore: certificate.notBefore,
    notAfter: certificate.notAfter,
    publicKeyAlgorithm: certificate.publicKey.algorithm,
    spkiSha256: certificate.publicKey.spkiSha256,
    cluster: certificate.cluster,
    requestId: certificate.requestId,
    der: certificate.der,
    orphan: certificate.orphan,
    issuedAt: certificate.issuedAt,
  };
}

/** One row per distinct group, so that certificates are found by group on an index. */
export function certificateGroupRows(certificate: Certificate): readonly Columns<CertificateGroupRow>[] {
  return [...new Set(certificate.groups)].map((name) => ({
    name,
    issuedAt: certificate.issuedAt,
    fingerprintSha256: certificate.fingerprintSha256,
    cluster: certificate.cluster,
    notAfter: certificate.notAfter,
  }));
}

/** Inserts a certificate and its groups; its parties are copied from its request. */
export function insertCertificate(certificate: Certificate): readonly Statement[] {
  const row = certificateRow(certificate);
  const columns = Object.keys(row);
  return [
    {
      sql: insertSql(
        'Certificate',
        [...columns, 'requesterName', 'collector'],
        () => `SELECT ${columns.map(() => '?').join(', ')}, "requesterName", "collector"
          FROM "CertificateRequest" WHERE "id" = ?`,
      ),
      parameters: [...Object.values(row), certificate.requestId],
      unlessChanged: { kind: 'request', id: certificate.requestId },
      ifTaken: (constraint) => ({
        kind: 'unique',
        what: constraint.includes('serialNumber') ? 'serialNumber' : 'fingerprintSha256',
      }),
    },
    ...certificateGroupRows(certificate).map((group) => insertInto('CertificateGroup', group)),
  ];
}

const activeAtMost = 100;

/** Reads the tables of certificates and of their groups. */
export class CertificateTable implements CertificateReader {
  constructor(private readonly prisma: PrismaClient) {}

  async findByFingerprint(fingerprintSha256: string): Promise<Certificate | null> {
    const row = await this.prisma.certificate.findUnique({
      where: { fingerprintSha256 },
      select: certificateColumns,
    });
    return row && certificateOf(row);
  }

  async findByFingerprints(fingerprintsSha256: readonly string[]): Promise<readonly Certificate[]> {
    const rows = await inBatches(fingerprintsSha256, (batch) =>
      this.prisma.certificate.findMany({
        where: { fingerprintSha256: { in: batch } },
        select: certificateColumns,
      }),
    );
    return rows.map(certificateOf);
  }

  async activeOf(cluster: string, username: string, now: Date): Promise<readonly Certificate[]> {
    const rows = await this.prisma.certificate.findMany({
      where: { cluster, username, notBefore: { lte: now }, notAfter: { gt: now }, orphan: false },
      orderBy: [{ issuedAt: 'desc' }, { fingerprintSha256: 'desc' }],
      take: activeAtMost,
      select: certificateColumns,
    });
    return rows.map(certificateOf);
  }

  list(filter: CertificateFilter & Visibility, page: PageQuery): Promise<Page<Certificate>> {
    // A filter on expiry reads along the index on expiry.
    return filter.expiresBefore !== undefined || filter.expiresAfter !== undefined
      ? this.#listSoonestExpiringFirst(filter, page)
      : this.#listNewestFirst(filter, page);
  }

  #listNewestFirst(filter: CertificateFilter & Visibility, page: PageQuery): Promise<Page<Certificate>> {
    const keyOf = (row: CertificateRow) => [row.issuedAt.toISOString(), row.fingerprintSha256];
    return readPage(
      page,
      { order: 'certificates/newest', keyOf },
      (after, take) =>
        readVisible(filter.visibleTo, keyOf, take, 'descending', (party) => {
          const beyond = after ? olderThan(after) : {};
          return this.#read(filter, party, beyond, [{ issuedAt: 'desc' }, { fingerprintSha256: 'desc' }], take);
        }),
      certificateOf,
    );
  }

  #listSoonestExpiringFirst(filter: CertificateFilter & Visibility, page: PageQuery): Promise<Page<Certificate>> {
    const keyOf = (row: CertificateRow) => [row.notAfter.toISOString(), row.fingerprintSha256];
    return readPage(
      page,
      { order: 'certificates/soonest', keyOf },
      (after, take) =>
        readVisible(filter.visibleTo, keyOf, take, 'ascending', (party) => {
          const beyond = after ? expiringLaterThan(after) : {};
          return this.#read(filter, party, beyond, [{ notAfter: 'asc' }, { fingerprintSha256: 'asc' }], take);
        }),
      certificateOf,
    );
  }

  /** Reads certificates; those of a group along the index of groups, which holds the instants too. */
  async #read(
    filter: CertificateFilter,
    party: Prisma.CertificateWhereInput,
    beyond: Beyond,
    orderBy: Order,
    take: number,
  ): Promise<readonly CertificateRow[]> {
    const { group, cluster } = filter;
    if (group === undefined)
      return this.prisma.certificate.findMany({
        where: { AND: [where(filter), expiry(filter), party, beyond] },
        orderBy,
        take,
        select: certificateColumns,
      });
    const members = await this.prisma.certificateGroup.findMany({
      where: {
        AND: [
          { name: group, ...(cluster !== undefined && { cluster }), certificate: { AND: [where(filter), party] } },
          expiry(filter),
          beyond,
        ],
      },
      orderBy,
      take,
      select: { certificate: { select: certificateColumns } },
    });
    return members.map((member) => member.certificate);
  }
}

/** A condition on columns that certificates and their groups have in common. */
type Beyond = Prisma.CertificateWhereInput & Prisma.CertificateGroupWhereInput;
type Order = { issuedAt?: 'desc'; notAfter?: 'asc'; fingerprintSha256?: 'asc' | 'desc' }[];

function where(filter: CertificateFilter): Prisma.CertificateWhereInput {
  return {
    ...(filter.cluster !== undefined && { cluster: filter.cluster }),
    ...(filter.username !== undefined && { username: filter.username }),
    ...(filter.serialNumber !== undefined && { serialNumber: filter.serialNumber }),
  };
}

function expiry({ expiresBefore, expiresAfter }: CertificateFilter) {
  return {
    notAfter: {
      ...(expiresBefore !== undefined && { lt: expiresBefore }),
      ...(expiresAfter !== undefined && { gt: expiresAfter }),
    },
  };
}

// Rows beyond a pair of values take two conditions; the first one lets the database enter the index at the cursor.

function olderThan([instant, fingerprint]: readonly string[]) {
  if (fingerprint === undefined) throw invalidCursor();
  const issuedAt = instantInCursor(instant);
  return {
    issuedAt: { lte: issuedAt },
    OR: [{ issuedAt: { lt: issuedAt } }, { fingerprintSha256: { lt: fingerprint } }],
  };
}

function expiringLaterThan([instant, fingerprint]: readonly string[]) {
  if (fingerprint === undefined) throw invalidCursor();
  const notAfter = instantInCursor(instant);
  return {
    notAfter: { gte: notAfter },
    OR: [{ notAfter: { gt: notAfter } }, { fingerprintSha256: { gt: fingerprint } }],
  };
}

function certificateOf(row: CertificateRow): Certificate {
  return {
    fingerprintSha256: row.fingerprintSha256,
    serialNumber: row.serialNumber,
    subject: row.subject,
    issuer: row.issuer,
    username: row.username,
    groups: storedJson<string[]>(row.groups),
    notBefore: row.notBefore,
    notAfter: row.notAfter,
    publicKey: { algorithm: row.publicKeyAlgorithm as KeyAlgorithm, spkiSha256: row.spkiSha256 },
    cluster: row.cluster,
    requestId: row.requestId,
    der: row.der,
    issuerFingerprintSha256: row.issuerFingerprintSha256,
    orphan: row.orphan,
    issuedAt: row.issuedAt,
  };
}

/**
 * RFC 5280 4.1.2.2: a serial number is unique per CA. Issuer names alone do not tell CAs apart (every kubeadm
 * cluster's is `CN=kubernetes`), so where the CA's certificate is unknown the cluster stands beside the name.
 */
function issuerIdentity(certificate: Certificate): string {
  return certificate.issuerFingerprintSha256 ?? `${certificate.cluster} ${certificate.issuer}`;
}
