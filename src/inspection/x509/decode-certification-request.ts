import { hash } from 'node:crypto';

import type { CertificationRequestContent } from '../../model/inspection.js';
import { parseCertificationRequest } from '../../x509/strict/certification-request.js';
import { contextConstructed, DerError, type DerElement, inside, Tag } from '../../x509/strict/der.js';
import { requestAttribute } from '../../x509/strict/object-identifiers.js';
import { normalize, type Normalized } from '../ber/normalize.js';
import type { DecodeContext, Decoded, Piece, Signed } from '../decoded.js';
import { Observations, type Report } from '../observations.js';
import { describeAlgorithm } from './describe-algorithm.js';
import { describeExtensions, type DescribedExtensions, NO_EXTENSIONS } from './describe-extensions.js';
import { nameContent, readName, type ReadName } from './describe-name.js';
import { describePublicKey } from './describe-public-key.js';
import { kubernetesReading } from './kubernetes-reading.js';
import { malformed } from './malformed.js';
import { observeSubject } from './name-observations.js';
import { observeBrokenHash, readSignedObject } from './signed-object.js';
import { actedUponInCertificates } from './acted-upon.js';
import { dottedIdentifier } from './values.js';
import { verifySignature } from './verify-signature.js';

/** Reads any certification request that OpenSSL or Go shows (RFC 2986 4) and says what is wrong with it. */
export function decodeCertificationRequest(piece: Piece, context: DecodeContext): Decoded {
  const normalized = normalize(piece.bytes);
  return normalized.ok
    ? decodeNormalizedRequest(normalized, context)
    : malformed(piece.bytes.length, 'a certification request', normalized.problem);
}

export function decodeNormalizedRequest(normalized: Normalized, context: DecodeContext): Decoded {
  const observations = new Observations();
  try {
    return decode(normalized, context, observations);
  } catch (error) {
    if (error instanceof DerError)
      return malformed(normalized.found.length, 'a certification request', error.message, normalized.observations);
    throw error;
  }
}

function decode(normalized: Normalized, context: DecodeContext, observations: Observations): Decoded {
  const { report } = observations;
  observations.addAll(normalized.observations);
  const { toBeSigned, algorithm, signed } = readSignedObject(normalized, 'the request', report);
  const fields = inside(toBeSigned);
  const version = readVersion(fields.expect(Tag.INTEGER, 'the version'), report);
  const subject = readName(fields, 'the subject');
  const subjectPublicKeyInfo = fields.expect(Tag.SEQUENCE, 'the public key').raw;
  const attributes = fields.optional(contextConstructed(0));
  if (!fields.atEnd) report('TrailingData', 'something follows the attributes');

  const key = describePublicKey(subjectPublicKeyInfo);
  observations.addAll(key.observations);
  const { extensions, others } = readAttributes(attributes, report);
  observeSubject(subject, report);
  observeEmptySubject(subject, extensions, report);
  observeBrokenHash(algorithm, report);
  const signatureValid = verifyOwn(signed, subjectPublicKeyInfo, context, report);
  const strict = parseCertificationRequest(normalized.found);
  if (!strict.ok) report('RequestNotAcceptable', `${strict.refusal.message} (${strict.refusal.reason})`);

  const content: CertificationRequestContent = {
    type: 'CertificationRequest',
    version,
    subject: nameContent(subject),
    publicKey: key.description,
    extensions: extensions.contents,
    attributes: others,
    signatureAlgorithm: describeAlgorithm(algorithm),
    signatureValid,
    fingerprintSha256: hash('sha256', normalized.found, 'hex'),
    kubernetes: kubernetesReading(subject, extensions.facts),
  };
  return {
    content,
    material: { kind: 'request', der: normalized.der, signed, subject: subject.raw, subjectPublicKeyInfo },
    observations: observations.toArray(),
    pieces: [],
  };
}

/** RFC 2986 4.1: there is one version, v1, and it is 0. */
function readVersion({ content, offset }: DerElement, report: Report): number {
  if (content.length === 0) throw new DerError('the version is empty', offset);
  const version = content.length <= 4 ? content.readIntBE(0, content.length) + 1 : 0;
  if (version !== 1) report('VersionContradictory', 'its version is not 0, which stands for the only one there is');
  return version;
}

/** PKCS #9 extensionRequest (RFC 2985 5.4.2) and Microsoft's older one. */
const extensionRequests: ReadonlySet<string> = new Set([requestAttribute.extensionRequest, '1.3.6.1.4.1.311.2.1.14']);

interface Attributes {
  readonly extensions: DescribedExtensions;
  /** Dotted, each once. */
  readonly others: readonly string[];
}

function readAttributes(element: DerElement | undefined, report: Report): Attributes {
  const others = new Set<string>();
  let extensions: DescribedExtensions | null = null;
  const reader = element && inside(element);
  while (reader && !reader.atEnd) {
    const fields = inside(reader.expect(Tag.SEQUENCE, 'an attribute'));
    const type = dottedIdentifier(fields.expect(Tag.OBJECT_IDENTIFIER, 'the type of an attribute'));
    const values = inside(fields.expect(Tag.SET, 'the values of an attribute'));
    if (!fields.atEnd) report('TrailingData', `something follows the values of the attribute ${type}`);
    if (!extensionRequests.has(type)) {
      others.add(type);
      if (type === requestAttribute.challengePassword)
        report('ChallengePassword', 'a challenge password stands in the request, for everyone to read');
    } else if (extensions !== null) report('DuplicateExtension', 'it asks for extensions in more than one place');
    else if (!values.atEnd) extensions = describeRequested(values.next(), report);
  }
  return { extensions: extensions ?? NO_EXTENSIONS, others: [...others] };
}

function describeRequested(element: DerElement, report: Report): DescribedExtensions {
  try {
    return describeExtensions(element, actedUponInCertificates, report);
  } catch (error) {
    if (!(error instanceof DerError)) throw error;
    report('MalformedExtension', `the extensions that it asks for cannot be read: ${error.message}`);
    return NO_EXTENSIONS;
  }
}

function observeEmptySubject(subject: ReadName, { facts }: DescribedExtensions, report: Report): void {
  if (subject.rdns.length === 0 && facts.subjectAltNames === null)
    report('EmptySubject', 'the subject is empty, and no subject alternative name is asked for');
}

/** Null where it cannot be checked. */
function verifyOwn(signed: Signed, spki: Buffer, { budget }: DecodeContext, report: Report): boolean | null {
  const verdict = budget.mayVerify() ? verifySignature(signed, spki) : 'unsupported';
  if (verdict === 'unsupported') return null;
  if (verdict === 'invalid') report('SignatureInvalid', 'the request is not signed by the key that it names');
  return verdict === 'valid';
}
