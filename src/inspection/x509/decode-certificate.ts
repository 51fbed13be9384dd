import { hash } from 'node:crypto';

import type { CertificateContent } from '../../model/inspection.js';
import {
  contextConstructed,
  contextPrimitive,
  DerError,
  type DerElement,
  type DerReader,
  inside,
  readInteger,
  Tag,
} from '../../x509/strict/der.js';
import { normalize, type Normalized } from '../ber/normalize.js';
import type { CertificateMaterial, DecodeContext, Decoded, Piece, Signed } from '../decoded.js';
import { Observations, type Report } from '../observations.js';
import { actedUponInCertificates } from './acted-upon.js';
import { describeAlgorithm, readAlgorithm } from './describe-algorithm.js';
import { describeExtensions, NO_EXTENSIONS } from './describe-extensions.js';
import { nameContent, readName, type ReadName } from './describe-name.js';
import { describePublicKey } from './describe-public-key.js';
import type { ExtensionFacts } from './extensions/extension-decoder.js';
import { kubernetesReading } from './kubernetes-reading.js';
import { malformed } from './malformed.js';
import { observeName, observeSubject } from './name-observations.js';
import { type ReadTime, readTime } from './read-time.js';
import { roleOf } from './role-of.js';
import { observeSerialNumber, serialNumberHex } from './serial-number.js';
import { observeAlgorithms, observeBrokenHash, readSignedObject } from './signed-object.js';
import { bitString } from './values.js';
import { verifySignature } from './verify-signature.js';

/**
 * Reads any certificate that OpenSSL or Go shows (RFC 5280 4.1) and says what is wrong with it, instead of refusing
 * it. What is no certificate at all comes back as malformed.
 */
export function decodeCertificate(piece: Piece, context: DecodeContext): Decoded {
  const normalized = normalize(piece.bytes);
  return normalized.ok
    ? decodeNormalizedCertificate(normalized, piece.path, context)
    : malformed(piece.bytes.length, 'a certificate', normalized.problem);
}

export function decodeNormalizedCertificate(normalized: Normalized, path: string, context: DecodeContext): Decoded {
  const observations = new Observations();
  try {
    return decode(normalized, path, context, observations);
  } catch (error) {
    if (error instanceof DerError)
      return malformed(normalized.found.length, 'a certificate', error.message, normalized.observations);
    throw error;
  }
}

function decode(normalized: Normalized, path: string, context: DecodeContext, observations: Observations): Decoded {
  const { report } = observations;
  observations.addAll(normalized.observations);
  const { toBeSigned, algorithm, signed } = readSignedObject(normalized, 'the certificate', report);
  const fields = inside(toBeSigned);
  const version = readVersion(fields, report);
  const serialNumber = fields.expect(Tag.INTEGER, 'the serial number');
  observeAlgorithms(readAlgorithm(fields, 'the signature algorithm'), algorithm, report);
  const issuer = readName(fields, 'the issuer');
  const { notBefore, notAfter } = readValidity(fields.expect(Tag.SEQUENCE, 'the validity'), report);
  const subject = readName(fields, 'the subject');
  const subjectPublicKeyInfo = fields.expect(Tag.SEQUENCE, 'the public key').raw;
  const optional = readOptionalFields(fields, version, report);

  const key = describePublicKey(subjectPublicKeyInfo);
  observations.addAll(key.observations);
  const { contents: extensions, facts } =
    optional.extensions === null
      ? NO_EXTENSIONS
      : describeExtensions(optional.extensions, actedUponInCertificates, report);
  const selfIssued = issuer.raw.equals(subject.raw);
  observeSerialNumber(serialNumber.content, selfIssued, report);
  observeSubject(subject, report);
  if (!selfIssued) observeName(issuer, 'the issuer', report);
  if (subject.rdns.length === 0) observeEmptySubject(facts, isCritical(extensions, SUBJECT_ALT_NAME), report);
  const selfSigned = selfIssued ? verifySelfSigned(signed, subjectPublicKeyInfo, context) : false;
  // Nothing relies on the signature of a root: it is trusted for being in a trust store.
  if (!selfIssued || selfSigned === false) observeBrokenHash(algorithm, report);

  const fingerprintSha256 = hash('sha256', normalized.found, 'hex');
  const names = { subject: nameContent(subject), issuer: nameContent(issuer) };
  const content: CertificateContent = {
    type: 'Certificate',
    version,
    serialNumber: serialNumberHex(serialNumber),
    signatureAlgorithm: describeAlgorithm(algorithm),
    ...names,
    notBefore: notBefore.text,
    notAfter: notAfter.text,
    secondsRemaining: Math.floor((notAfter.instant.getTime() - context.now.getTime()) / 1000),
    publicKey: key.description,
    issuerUniqueId: optional.issuerUniqueId,
    subjectUniqueId: optional.subjectUniqueId,
    extensions,
    subjectKeyIdentifier: facts.subjectKeyIdentifier?.toString('hex') ?? null,
    authorityKeyIdentifier: facts.authorityKeyIdentifier?.keyIdentifier?.toString('hex') ?? null,
    fingerprintSha256,
    fingerprintSha1: hash('sha1', normalized.found, 'hex'),
    selfSigned,
    role: roleOf({ ...names, isCa: isCa(version, facts, selfIssued), ...facts }, path),
    kubernetes: readForKubernetes(subject, facts, fingerprintSha256),
    inventory: null,
  };
  const material: CertificateMaterial = {
    kind: 'certificate',
    der: normalized.der,
    signed,
    issuer: issuer.raw,
    subject: subject.raw,
    serialNumber: readInteger(serialNumber),
    subjectPublicKeyInfo,
    notBefore: notBefore.instant,
    notAfter: notAfter.instant,
    version,
    ...facts,
  };
  return { content, material, observations: observations.toArray(), pieces: [] };
}

const SUBJECT_ALT_NAME = '2.5.29.17';

/** RFC 5280 4.1.2.1: v3 is 2, and v1 is the DEFAULT, which DER leaves out. */
function readVersion(fields: DerReader, report: Report): number {
  const explicit = fields.optional(contextConstructed(0));
  if (explicit === undefined) {
    report('VersionNotV3', 'it is a version 1 certificate');
    return 1;
  }
  const wrapper = inside(explicit);
  const { content } = wrapper.expect(Tag.INTEGER, 'the version');
  if (!wrapper.atEnd) report('TrailingData', 'something follows the version');
  if (content.length === 0) throw new DerError('the version is empty', explicit.offset);
  const version = content.length <= 4 ? content.readIntBE(0, content.length) + 1 : 0;
  if (version === 1) report('NonDerEncoding', 'version 1, the default, is written out');
  if (version !== 3)
    report('VersionNotV3', version > 0 ? `it is a version ${version} certificate` : 'its version is not known');
  return version;
}

function readValidity(element: DerElement, report: Report): Record<'notBefore' | 'notAfter', ReadTime> {
  const fields = inside(element);
  const notBefore = readTime(fields.next(), 'notBefore', report);
  const notAfter = readTime(fields.next(), 'notAfter', report);
  if (!fields.atEnd) report('TrailingData', 'something follows notAfter');
  if (notAfter.instant < notBefore.instant)
    report('ValidityInverted', `it begins at ${notBefore.text} and ends at ${notAfter.text}`);
  // RFC 5280 4.1.2.5
  if (notAfter.text === '9999-12-31T23:59:59Z') report('NoExpirationDate', 'it has no well-defined end');
  return { notBefore, notAfter };
}

interface OptionalFields {
  readonly issuerUniqueId: string | null;
  readonly subjectUniqueId: string | null;
  /** The Extensions inside their tag. */
  readonly extensions: DerElement | null;
}

/** What follows the public key: RFC 5280 4.1 gives the first two to versions 2 and 3, extensions to 3 alone. */
function readOptionalFields(fields: DerReader, version: number, report: Report): OptionalFields {
  const uniqueId = (tag: number): string | null => {
    const element = fields.optional(contextPrimitive(tag));
    return element === undefined ? null : bitString(element).octets.toString('hex');
  };
  const issuerUniqueId = uniqueId(1);
  const subjectUniqueId = uniqueId(2);
  const wrapped = fields.optional(contextConstructed(3));
  if (!fields.atEnd) report('TrailingData', 'something follows the last field of the signed part');
  const present = [issuerUniqueId === null ? '' : 'issuer', subjectUniqueId === null ? '' : 'subject'].filter(Boolean);
  if (present.length > 0) {
    report('UniqueIdentifierPresent', `it carries a unique identifier of the ${present.join(' and the ')}`);
    if (version === 1) report('VersionContradictory', 'it is of version 1 and has unique identifiers');
  }
  if (wrapped === undefined) return { issuerUniqueId, subjectUniqueId, extensions: null };
  if (version !== 3) report('VersionContradictory', `it is of version ${version} and has extensions`);
  const wrapper = inside(wrapped);
  const extensions = wrapper.next();
  if (!wrapper.atEnd) report('TrailingData', 'something follows the extensions');
  return { issuerUniqueId, subjectUniqueId, extensions };
}

const isCritical = (extensions: CertificateContent['extensions'], oid: string): boolean =>
  extensions.some((extension) => extension.oid === oid && extension.critical);

/** RFC 5280 4.1.2.6: a CA has a subject; another may have a critical subjectAltName in its place. */
function observeEmptySubject({ basicConstraints }: ExtensionFacts, hasCriticalNames: boolean, report: Report): void {
  if (basicConstraints?.ca) report('EmptySubject', 'the subject of the CA is empty');
  else if (!hasCriticalNames)
    report('EmptySubject', 'the subject is empty, and there is no critical subject alternative name');
}

/** Null where that cannot be checked. */
function verifySelfSigned(signed: Signed, spki: Buffer, { budget }: DecodeContext): boolean | null {
  if (!budget.mayVerify()) return null;
  const verdict = verifySignature(signed, spki);
  return verdict === 'unsupported' ? null : verdict === 'valid';
}

/** Before version 3 there is nothing that says so but signing oneself. */
const isCa = (version: number, { basicConstraints }: ExtensionFacts, selfIssued: boolean): boolean =>
  basicConstraints?.ca ?? (version < 3 && selfIssued);

function readForKubernetes(subject: ReadName, facts: ExtensionFacts, fingerprintSha256: string) {
  const reading = kubernetesReading(subject, facts);
  return reading === null ? null : { ...reading, credentialId: `X509SHA256=${fingerprintSha256}` };
}
