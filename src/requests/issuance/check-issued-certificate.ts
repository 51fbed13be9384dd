import type { ClientTrust, TrustedAuthority } from '../../kubernetes/certificate-authorities.js';
import type { ApprovedRequest } from '../../model/approved-request.js';
import type { IssuanceAttempt } from '../../model/certificate-request.js';
import type { CertifiedIssuer } from '../../signing/cluster-issuers.js';
import type { AssembledCertificate, SignedCertificate } from '../../signing/signer.js';
import { type SecondReader, disagreements, secondReader } from '../../signing/second-reading.js';
import {
  DerError,
  displayDistinguishedName,
  displaySubject,
  findSignatureAlgorithm,
  type KeyAlgorithm,
  keyPurpose,
  type ParsedCertificate,
  readCertificate,
  readSubjectIdentity,
  sealCertificate,
  sha256,
  type Signatures,
  signaturesHere,
  type Validity,
  verifySignature,
} from '@kubepass/x509';

/** The fields of an inventory entry that the certificate itself says. */
export type CertificateFields = ReturnType<typeof fieldsOf>;

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
      readonly kind: 'mismatch';
      readonly mismatches: readonly string[];
      /** Null where it is not even a certificate. */
      readonly fields: CertificateFields | null;
    }
  /** The signature is not one by the issuer's key over what was to be signed, so there is no certificate. */
  | { readonly ok: false; readonly kind: 'wrong-signature'; readonly issuedBy: CertifiedIssuer };

/** The lifetime may be this much short: the in-tree signer of Kubernetes may count it from its backdated notBefore. */
const clampToleranceSeconds = 305;

/** The approved request of an attempt, and the attempt's beginning. */
interface Attempted {
  readonly approved: ApprovedRequest;
  readonly attempt: Pick<IssuanceAttempt, 'startedAt' | 'intent'>;
}

/**
 * Checks the certificate of a signer. Another party's is read back by two readers. Ours is exactly the TBSCertificate
 * whose hash the intent records and the signature over it, so the signature is verified and nothing is read. Its chain
 * was judged when the issuer was loaded. `trust`: the CAs to which another party's may chain.
 */
export async function checkSignedCertificate(
  signed: SignedCertificate,
  { approved, attempt }: Attempted,
  trust: ClientTrust | null,
  now: Date,
  signatures: Signatures = signaturesHere,
): Promise<CheckedIssuance> {
  const times = { startedAt: attempt.startedAt, now };
  if (signed.kind === 'written-elsewhere') return checkIssuedCertificate(signed.der, approved, trust, times);
  const { issuedBy, tbsCertificate, signature } = signed;
  const { signatureAlgorithm, publicKey } = issuedBy.authority;
  if (!(await signatures.verify(signatureAlgorithm, tbsCertificate, publicKey, signature)))
    return { ok: false, kind: 'wrong-signature', issuedBy };
  const der = sealCertificate(tbsCertificate, signatureAlgorithm, signature);
  const mismatches = [
    ...(sha256(tbsCertificate) === attempt.intent['tbsSha256'] ? [] : ['it is not the one that its intent names']),
    ...lifetimeMismatch(signed, approved, times),
  ];
  if (mismatches.length > 0) {
    // The signer's word is not believed then: the inventory shows what the certificate itself says.
    const read = await readIssuedCertificate(der, approved.keyAlgorithm, null);
    const issuerFingerprintSha256 = issuedBy.authority.fingerprintSha256;
    return { ok: false, kind: 'mismatch', mismatches, fields: read && { ...read, issuerFingerprintSha256 } };
  }
  return {
    ok: true,
    fields: fieldsOfAssembled(signed, der, approved),
    lifetimeClamped: isClamped(signed, approved, times),
  };
}

function fieldsOfAssembled(
  { serialNumber, issuer, issuedBy, notBefore, notAfter }: AssembledCertificate,
  der: Buffer,
  { username, groups, keyAlgorithm, subjectPublicKeyInfo }: ApprovedRequest,
): CertificateFields {
  return {
    fingerprintSha256: sha256(der),
    serialNumber,
    subject: displaySubject({ username, groups }),
    issuer,
    username,
    groups,
    notBefore,
    notAfter,
    publicKey: { algorithm: keyAlgorithm, spkiSha256: sha256(subjectPublicKeyInfo) },
    der,
    issuerFingerprintSha256: issuedBy.authority.fingerprintSha256,
  };
}

/** When an attempt began, and when its certificate is checked. */
interface Times {
  readonly startedAt: Date;
  readonly now: Date;
}

/**
 * Reads a certificate back from its DER and compares it with the approved request: public key, subject, usages, no CA,
 * a chain to one of `trust` (null: unknown, and not checked), and no longer lifetime from `now` than was approved. The
 * lifetime counts as clamped where, counted from `startedAt`, it is shorter than was approved. A second reader must
 * read the same.
 */
export async function checkIssuedCertificate(
  der: Uint8Array,
  approved: ApprovedRequest,
  trust: ClientTrust | null,
  times: Times,
  reader: SecondReader = secondReader,
): Promise<CheckedIssuance> {
  const certificate = parse(der);
  if (typeof certificate === 'string') return { ok: false, kind: 'mismatch', mismatches: [certificate], fields: null };
  const issuer = await findIssuerOf(certificate, trust);
  const mismatches = [
    ...keyMismatch(certificate, approved),
    ...subjectMismatch(certificate, approved),
    ...usageMismatch(certificate, approved),
    ...(trust !== null && issuer === null ? [doesNotChain] : []),
    ...lifetimeMismatch(certificate, approved, times),
    ...(await disagreements(certificate, reader)),
  ];
  const fields = fieldsOf(certificate, approved.keyAlgorithm, issuer);
  if (mismatches.length > 0) return { ok: false, kind: 'mismatch', mismatches, fields };
  return { ok: true, fields, lifetimeClamped: isClamped(certificate, approved, times) };
}

const doesNotChain = 'it does not chain to the client CA of the cluster';

function lifetimeMismatch({ notAfter }: Validity, { expirationSeconds }: ApprovedRequest, times: Times): string[] {
  // A clock that was set back meanwhile must not make the lifetime look too long.
  const from = Math.max(times.now.getTime(), times.startedAt.getTime());
  // A certificate's instants have no fraction of a second, so a signer's rounding may add up to one.
  if (notAfter.getTime() <= from + expirationSeconds * 1000 + 1000) return [];
  return [`it is valid until ${notAfter.toISOString()}, longer than was approved`];
}

const isClamped = ({ notAfter }: Validity, { expirationSeconds }: ApprovedRequest, { startedAt }: Times): boolean =>
  notAfter.getTime() < startedAt.getTime() + (expirationSeconds - clampToleranceSeconds) * 1000;

/** Reads a certificate that is not handed out; null where it cannot even be read. */
export async function readIssuedCertificate(
  der: Uint8Array,
  keyAlgorithm: KeyAlgorithm,
  trust: ClientTrust | null,
): Promise<CertificateFields | null> {
  const certificate = parse(der);
  if (typeof certificate === 'string') return null;
  return fieldsOf(certificate, keyAlgorithm, await findIssuerOf(certificate, trust));
}

function parse(der: Uint8Array): ParsedCertificate | string {
  try {
    return readCertificate(der);
  } catch (error) {
    if (error instanceof DerError) return `it cannot be read: ${error.message}`;
    throw error;
  }
}

async function findIssuerOf(
  { signatureAlgorithm, issuer, tbsCertificate, signature }: ParsedCertificate,
  trust: ClientTrust | null,
): Promise<TrustedAuthority | null> {
  const algorithm = findSignatureAlgorithm(signatureAlgorithm.identifier);
  if (algorithm === undefined) return null;
  for (const authority of trust?.authorities ?? []) {
    // RFC 5280 6.1.3 (a)(4): the issuer's name, then its key.
    if (!authority.subjectRaw.equals(issuer.raw)) continue;
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

function fieldsOf(certificate: ParsedCertificate, keyAlgorithm: KeyAlgorithm, issuer: TrustedAuthority | null) {
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
