import { hash } from 'node:crypto';
import type { KeyAlgorithm, RevocationReason } from '@kubepass/x509';
import type { Certificate, ListedCertificate } from '../../model/certificate.js';
import type { Prisma } from '../generated/sqlite/client.js';
import { type Columns, hexText, octetsOf, serialOctets, serialOf, storedJson, uuidOf } from '../steps/statement.js';
import { renewalOf } from './request-table.js';

type CertificateRow = Prisma.CertificateRecordGetPayload<object>;
type IssuerRow = Prisma.IssuerGetPayload<object>;

/** The columns that an insertion copies from the request. */
type OfRequest = Pick<CertificateRow, 'requestN' | 'requesterName' | 'collector'>;

/** Whatever stands in tables beside a certificate. */
export const besideIt = {
  issuer: { select: { name: true, fingerprintSha256: true } },
  request: { select: { id: true } },
  membership: { select: { renewalOf: true, lineage: true, generation: true } },
  superseded: { select: { supersededBy: { select: { fingerprintSha256: true } } } },
  revocation: { select: { reason: true, comment: true, revokedAt: true, revokedBy: true } },
} as const;
/** Without the DER: it is most of a row, and lists do not have it. */
export const listed = { omit: { der: true }, include: besideIt } as const;

type ListedRow = Prisma.CertificateRecordGetPayload<typeof listed>;

/** The row without its number and without what its request says. */
export function certificateRow(
  certificate: Certificate,
  issuer: Columns<IssuerRow>,
): Columns<Omit<CertificateRow, 'n' | keyof OfRequest>> {
  return {
    fingerprintSha256: octetsOf(certificate.fingerprintSha256),
    serialNumber: serialOctets(certificate.serialNumber),
    issuerSha256: issuer.sha256,
    subject: certificate.subject,
    username: certificate.username,
    groups: certificate.groups,
    notBefore: certificate.notBefore,
    notAfter: certificate.notAfter,
    publicKeyAlgorithm: certificate.publicKey.algorithm,
    spkiSha256: octetsOf(certificate.publicKey.spkiSha256),
    cluster: certificate.cluster,
    der: certificate.der,
    orphan: certificate.orphan,
    issuedAt: certificate.issuedAt,
  };
}

/** The issuing CA of a certificate. */
export function issuerRow(certificate: Certificate): Columns<IssuerRow> & { readonly sha256: Buffer } {
  const { issuerFingerprintSha256, cluster, issuer } = certificate;
  // RFC 5280 4.1.2.2: a serial number is unique per CA. Issuer names alone do not tell CAs apart (every kubeadm
  // cluster's is `CN=kubernetes`), so where the CA's certificate is unknown the cluster stands beside the name.
  const identity = issuerFingerprintSha256 ?? `${cluster} ${issuer}`;
  return {
    sha256: octetsOf(hash('sha256', identity, 'hex')),
    identity,
    name: issuer,
    fingerprintSha256: issuerFingerprintSha256 === null ? null : octetsOf(issuerFingerprintSha256),
  };
}

/** The certificate of a row, without its DER. */
export function listedOf(row: ListedRow): ListedCertificate {
  return {
    fingerprintSha256: hexText(row.fingerprintSha256),
    serialNumber: serialOf(row.serialNumber),
    subject: row.subject,
    issuer: row.issuer.name,
    username: row.username,
    groups: storedJson<string[]>(row.groups),
    notBefore: row.notBefore,
    notAfter: row.notAfter,
    publicKey: { algorithm: row.publicKeyAlgorithm as KeyAlgorithm, spkiSha256: hexText(row.spkiSha256) },
    cluster: row.cluster,
    requestId: uuidOf(row.request.id),
    requester: row.requesterName,
    collector: row.collector,
    issuerFingerprintSha256: row.issuer.fingerprintSha256 && hexText(row.issuer.fingerprintSha256),
    orphan: row.orphan,
    issuedAt: row.issuedAt,
    // The first certificate of a lineage renews none.
    renewal: row.membership && renewalOf(row.membership),
    supersededBy: row.superseded && hexText(row.superseded.supersededBy.fingerprintSha256),
    revocation: row.revocation && { ...row.revocation, reason: row.revocation.reason as RevocationReason },
  };
}
