import type { ClientTrust, TrustedAuthority } from '../../cluster/certificate-authorities.js';
import type { ApprovedRequest } from '../../model/approved-request.js';
import type { Certificate } from '../../model/certificate.js';
import { type SecondReader, disagreements } from '../../x509/peculiar/second-reading.js';
import { readCertificate, type ParsedCertificate } from '../../x509/strict/certificate-reader.js';
import { DerError } from '../../x509/strict/der.js';
import { displayDistinguishedName } from '../../x509/strict/distinguished-name.js';
import type { KeyAlgorithm } from '../../x509/strict/key-algorithm.js';
import { keyPurpose } from '../../x509/strict/object-identifiers.js';
import { sha256 } from '../../x509/strict/sha256.js';
import { findSignatureAlgorithm, verifySignature } from '../../x509/strict/signature-algorithm.js';
import { readSubjectIdentity } from '../../x509/strict/subject-identity.js';

/** The fields of an inventory entry that are read from the certificate. */
export type CertificateFields = Omit<Certificate, 'cluster' | 'requestId' | 'orphan' | 'issuedAt'>;

/** A certificate from a signer, compared with what was approved; `mismatches` are sentences without a full stop. */
export type CheckedIssuance =
  | {
      readonly ok: true;
      readonly fields: CertificateFields;
      /** The signer gave less time than was approved. */
      readonly lifetimeClamped: boolean;
    }
  | {
      readonly ok: false;
      readonly mismatches: readonly string[];
      /** Null where it is not even a certificate. */
      readonly fields: CertificateFields | null;
    };

/** The lifetime may be this much short: the in-tree signer of Kubernetes may count it from its backdated notBefore. */
const clampToleranceSeconds = 305;

/**
 * Reads a certificate back from its DER and compares it with the approved request: public key, subject, usages, no CA,
 * a chain to one of `trust` (null: unknown, and not checked), and no longer lifetime from `now` than was approved. The
 * lifetime counts as clamped where, counted from `startedAt`, it is shorter than was approved. If another
 * party's signer wrote the certificate, `secondReader` reads it too and must agree; null: the certificate is ours.
 */
export async function checkIssuedCertificate(
  der: Uint8Array,
  approved: ApprovedRequest,
  trust: ClientTrust | null,
  { startedAt, now }: { readonly startedAt: Date; readonly now: Date },
  secondReader: SecondReader | null,
): Promise<CheckedIssuance> {
  const certificate = parse(der);
  if (typeof certificate === 'string') return { ok: false, mismatches: [certificate], fields: null };
  const issuer = await findIssuer(certificate, trust);
  const lifetime = approved.expirationSeconds * 1000;
  // A clock that was set back meanwhile must not make the lifetime look too long.
  const from = Math.max(now.getTime(), startedAt.getTime());
  const mismatches = [
    ...keyMismatch(certificate, approved),
    ...subjectMismatch(certificate, approved),
    ...usageMismatch(certificate, approved),
    ...(trust !== null && issuer === null ? ['it does not chain to the client CA of the cluster'] : []),
    // A certificate's instants have no fraction of a second, so a signer's rounding may add up to one.
    ...(certificate.notAfter.getTime() > from + lifetime + 1000
      ? [`it is valid until ${certificate.notAfter.toISOString()}, longer than was approved`]
      : []),
    ...(secondReader === null ? [] : await disagreements(certificate, secondReader)),
  ];
  const fields = fieldsOf(certificate, approved.keyAlgorithm, issuer);
  if (mismatches.length > 0) return { ok: false, mismatches, fields };
  return {
    ok: true,
    fields,
    lifetimeClamped: certificate.notAfter.getTime() < startedAt.getTime() + lifetime - clampToleranceSeconds * 1000,
  };
}

/** Reads a certificate that is not handed out; null where it cannot even be read. */
export async function readIssuedCertificate(
  der: Uint8Array,
  keyAlgorithm: KeyAlgorithm,
  trust: ClientTrust | null,
): Promise<CertificateFields | null> {
  const certificate = parse(der);
  if (typeof certificate === 'string') return null;
  return fieldsOf(certificate, keyAlgorithm, await findIssuer(certificate, trust));
}

function parse(der: Uint8Array): ParsedCertificate | string {
  try {
    return readCertificate(der);
  } catch (error) {
    if (error instanceof DerError) return `it cannot be read: ${error.message}`;
    throw error;
  }
}

async function findIssuer(certificate: ParsedCertificate, trust: ClientTrust | null): Promise<TrustedAuthority | null> {
  const algorithm = findSignatureAlgorithm(certificate.signatureAlgorithm.identifier);
  if (algorithm === undefined) return null;
  for (const authority of trust?.authorities ?? []) {
    // RFC 5280 6.1.3 (a)(4): the issuer's name, then its key.
    if (!authority.subjectRaw.equals(certificate.issuer.raw)) continue;
    const { tbsCertificate, signature } = certificate;
    if (await verifySignature(algorithm, tbsCertificate, authority.publicKey, signature)) return authority;
  }
  return null;
}

function keyMismatch({ subjectPublicKeyInfo }: ParsedCertificate, approved: ApprovedRequest): string[] {
  return subjectPublicKeyInfo.equals(approved.subjectPublicKeyInfo) ? [] : ['its public key is another'];
}

/** Groups are compared as a set, because the in-tree signer writes them as one sorted RDN. */
function subjectMismatch({ subject }: ParsedCertificate, { username, groups }: ApprovedRequest): string[] {
  const identity = readSubjectIdentity(subject);
  if (!identity.ok) return [`its subject is ambiguous: ${identity.refusal.message}`];
  const wanted = new Set(groups);
  const same = identity.groups.length === wanted.size && identity.groups.every((group) => wanted.has(group));
  return [
    ...(identity.username === username ? [] : [`its username is ${JSON.stringify(identity.username)}`]),
    ...(same ? [] : [`its groups are ${JSON.stringify(identity.groups)}`]),
  ];
}

function usageMismatch(certificate: ParsedCertificate, { keyAlgorithm }: ApprovedRequest): string[] {
  const { basicConstraints, extKeyUsage, keyUsage } = certificate;
  const allowed = keyAlgorithm.startsWith('RSA-') ? ['digitalSignature', 'keyEncipherment'] : ['digitalSignature'];
  const clientOnly = extKeyUsage?.length === 1 && extKeyUsage[0] === keyPurpose.clientAuth;
  const signs = keyUsage?.includes('digitalSignature') === true && keyUsage.every((usage) => allowed.includes(usage));
  return [
    ...(certificate.version === 3 ? [] : ['it is not of version 3']),
    ...(basicConstraints?.ca === true ? ['it is a CA'] : []),
    ...(clientOnly ? [] : ['its extended key usage is not client authentication alone']),
    ...(signs ? [] : [`its key usage is ${JSON.stringify(keyUsage)}`]),
  ];
}

function fieldsOf(
  certificate: ParsedCertificate,
  keyAlgorithm: KeyAlgorithm,
  issuer: TrustedAuthority | null,
): CertificateFields {
  const identity = readSubjectIdentity(certificate.subject);
  return {
    fingerprintSha256: certificate.fingerprintSha256,
    serialNumber: certificate.serialNumber,
    subject: displayDistinguishedName(certificate.subject),
    issuer: displayDistinguishedName(certificate.issuer),
    username: identity.ok ? identity.username : '',
    groups: identity.ok ? identity.groups : [],
    notBefore: certificate.notBefore,
    notAfter: certificate.notAfter,
    publicKey: { algorithm: keyAlgorithm, spkiSha256: sha256(certificate.subjectPublicKeyInfo) },
    der: certificate.der,
    issuerFingerprintSha256: issuer?.fingerprintSha256 ?? null,
  };
}
