import type { Certificate } from '../../model/certificate.js';
import type { KeyAlgorithm } from '../../x509/strict/key-algorithm.js';
import { type Columns, storedJson } from '../columns.js';
import type { Prisma } from '../generated/sqlite/client.js';

export const certificateColumns = {
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

export const certificateGroupColumns = {
  name: true,
  issuedAt: true,
  fingerprintSha256: true,
  cluster: true,
  notAfter: true,
} as const satisfies Prisma.CertificateGroupSelect;

type CertificateGroupRow = Prisma.CertificateGroupGetPayload<{ select: typeof certificateGroupColumns }>;

/** Who may see the certificate: the parties of the request that it came from, which its row is where they are kept. */
export type CertificateParties = Pick<CertificateRow, 'requesterName' | 'collector'>;

/** Without its parties. */
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

export function certificateOf(row: CertificateRow): Certificate {
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
