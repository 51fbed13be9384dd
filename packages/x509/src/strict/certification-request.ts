import { PrimalityTests, primeModulus } from '../hygiene/primality-tests.js';
import {
  contextConstructed,
  type DerElement,
  DerError,
  type DerReader,
  inside,
  insideSequence,
  onlyElement,
  readInteger,
  readOctetAlignedBits,
  readOid,
  Tag,
  TrailingDataError,
} from './der.js';
import {
  type DistinguishedName,
  readDistinguishedName,
  subjectIdentity,
  subjectBounds,
  type SubjectIdentity,
  type SubjectRefusalReason,
} from './distinguished-name.js';
import {
  duplicateExtension,
  type Extension,
  extensionValue,
  type KeyUsage,
  readBasicConstraints,
  readExtensions,
  readExtKeyUsage,
  readKeyUsage,
  readSubjectKeyIdentifier,
} from './extension.js';
import { attributeType, extensionId, keyPurpose, requestAttribute } from './object-identifiers.js';
import { CSR_PEM_LABEL, decodeSinglePem, type PemRefusalReason } from './pem.js';
import { type InputRefusal, refuse, type RefusedInput } from './input-refusal.js';
import {
  findSignatureAlgorithm,
  readAlgorithmOid,
  type SignatureAlgorithm,
  type Signatures,
  signaturesHere,
} from './crypto.js';
import {
  type KeyRefusalReason,
  readSubjectPublicKeyInfo,
  type SubjectPublicKeyInfo,
} from './subject-public-key-info.js';

/** A PKCS#10 request (RFC 2986) that was read strictly and whose signature is proven. */
export interface CertificationRequest extends SubjectIdentity {
  readonly der: Buffer;
  readonly publicKey: SubjectPublicKeyInfo;
}

export type CsrRefusalReason =
  | PemRefusalReason
  | SubjectRefusalReason
  | KeyRefusalReason
  | ExtensionRefusalReason
  | 'TooLarge'
  | 'NameTooLong'
  | 'TooManyGroups'
  | 'MalformedDer'
  | 'VersionNotSupported'
  | 'AttributeNotAllowed'
  | 'DuplicateAttribute'
  | 'SignatureAlgorithmNotAllowed'
  | 'BadSignature';
export type CsrRefusal = InputRefusal<CsrRefusalReason>;

export type CsrReading = { readonly ok: true; readonly csr: CertificationRequest } | RefusedInput<CsrRefusalReason>;

/** The most octets that a request may have, in PEM or DER. */
export const MAX_CSR_OCTETS = 64 * 1024;

/** A hundred keys of 4096 bits take about a second. */
const primalityOfCallersKeys = new PrimalityTests(100);

/**
 * Reads one PEM block that holds a certification request. Bad input is a refusal, never an exception. Rejects only
 * where `signatures` cannot verify the proof now, or with `TooManyWaitingError` where too many RSA keys wait for the
 * test of their modulus. `by`: the caller, so that nobody has all turns of these tests.
 */
export async function readCertificationRequest(
  pem: string,
  signatures: Signatures = signaturesHere,
  primality: PrimalityTests = primalityOfCallersKeys,
  by: string | null = null,
): Promise<CsrReading> {
  if (pem.length > MAX_CSR_OCTETS) return tooLarge();
  const block = decodeSinglePem(pem, CSR_PEM_LABEL);
  return block.ok ? readCertificationRequestDer(block.der, signatures, primality, by) : block;
}

/**
 * Reads a certification request from DER and verifies its signature. Refuses everything that two parsers could read
 * differently, and everything that asks for more than a client certificate for a username and groups.
 */
export async function readCertificationRequestDer(
  bytes: Uint8Array,
  signatures: Signatures = signaturesHere,
  primality: PrimalityTests = primalityOfCallersKeys,
  by: string | null = null,
): Promise<CsrReading> {
  const unverified = parseCertificationRequest(Buffer.from(bytes));
  if (!unverified.ok) return unverified;
  const { csr, signedBytes, signatureAlgorithm, signature } = unverified;
  if (!(await signatures.verifyProof(signatureAlgorithm, signedBytes, csr.publicKey, signature)))
    return refuse('BadSignature', 'the CSR is not signed by the key that it names');
  const { modulus } = csr.publicKey;
  if (modulus !== null && (await primality.isPrime(modulus, { by }))) return refuse('KeyNotAllowed', primeModulus);
  return { ok: true, csr };
}

/**
 * A request that was read strictly, but its signature is not verified yet, and its RSA modulus may be prime: nothing
 * may be issued from it.
 */
interface UnverifiedRequest {
  readonly ok: true;
  readonly csr: CertificationRequest;
  readonly signedBytes: Buffer;
  readonly signatureAlgorithm: SignatureAlgorithm;
  readonly signature: Buffer;
}

/** Reads strictly, but does not verify the signature. */
export const parseCertificationRequest = (bytes: Buffer): UnverifiedRequest | Refused => steps(bytes).next().value;

/** Every reason to refuse a request, its signature left aside: the strict reader goes on after the first. */
export function refusalsOfCertificationRequest(bytes: Buffer): readonly CsrRefusal[] {
  const refusals = new Map<string, CsrRefusal>();
  const reading = steps(bytes);
  for (;;) {
    const { value, done } = reading.next();
    if (!value.ok) refusals.set(value.refusal.message, value.refusal);
    if (done === true) return [...refusals.values()];
  }
}

type Refused = RefusedInput<CsrRefusalReason>;

/** Yields each refusal. What it returns is a request only where it has yielded none. */
type Steps<T> = Generator<Refused, T, void>;

function* steps(bytes: Buffer): Steps<UnverifiedRequest | Refused> {
  if (bytes.length > MAX_CSR_OCTETS) return tooLarge();
  try {
    return yield* stepsOfDer(bytes);
  } catch (error) {
    if (error instanceof TrailingDataError) return refuse('TrailingData', error.message);
    if (error instanceof DerError) return refuse('MalformedDer', error.message);
    throw error;
  }
}

function* stepsOfDer(bytes: Buffer): Steps<UnverifiedRequest | Refused> {
  const request = onlyElement(bytes, 'the CSR');
  const fields = insideSequence(request, 'a CertificationRequest is');
  const info = fields.expect(Tag.SEQUENCE, 'CertificationRequestInfo');
  const algorithmIdentifier = fields.expect(Tag.SEQUENCE, 'the signature algorithm');
  const signature = readOctetAlignedBits(fields.expect(Tag.BIT_STRING, 'the signature'));
  fields.end('the CSR');

  const infoFields = inside(info);
  const version = readInteger(infoFields.expect(Tag.INTEGER, 'the version'));
  if (!version.equals(V1)) yield refuse('VersionNotSupported', 'the version of the CSR is not 0, which stands for v1');
  const subject = readDistinguishedName(infoFields.expect(Tag.SEQUENCE, 'the subject'));
  const spki = infoFields.expect(Tag.SEQUENCE, 'the public key');
  const attributes = infoFields.expect(contextConstructed(0), 'the attributes field');
  infoFields.end('CertificationRequestInfo');

  const unbounded = refuseUnbounded(subject);
  if (unbounded !== null) yield unbounded;
  const identity = yield* subjectIdentity(subject);
  const key = readSubjectPublicKeyInfo(spki.raw, spki.offset);
  if (!key.ok) yield key;
  yield* refuseAttributes(attributes);
  const signatureAlgorithm = findSignatureAlgorithm(algorithmIdentifier.raw);
  if (signatureAlgorithm === undefined)
    return refuse(
      'SignatureAlgorithmNotAllowed',
      `signature algorithm ${readAlgorithmOid(algorithmIdentifier)} is not accepted, or not with its parameters`,
    );
  if (!key.ok) return key;
  if (!signatureAlgorithm.fits(key.publicKey.algorithm))
    return refuse(
      'SignatureAlgorithmNotAllowed',
      `signature algorithm ${signatureAlgorithm.name} does not go with a key of ${key.publicKey.algorithm}`,
    );
  if (!identity.ok) return identity;
  return {
    ok: true,
    csr: { der: request.raw, username: identity.username, groups: identity.groups, publicKey: key.publicKey },
    signedBytes: info.raw,
    signatureAlgorithm,
    signature,
  };
}

const V1 = Buffer.of(0);

/**
 * Bounds a subject before anything else reads it. Each name is decided on, recorded and answered several times, and a
 * database index takes only text of bounded length.
 */
function refuseUnbounded({ rdns }: DistinguishedName): RefusedInput<CsrRefusalReason> | null {
  let groups = 0;
  for (const { type, text } of rdns.flat()) {
    const characters = text === null ? 0 : Array.from(text).length;
    if (characters > subjectBounds.nameCharacters)
      return refuse(
        'NameTooLong',
        `a name in the subject is ${characters} characters long, at most ${subjectBounds.nameCharacters} are allowed`,
      );
    if (type === attributeType.organizationName) groups += 1;
  }
  if (groups <= subjectBounds.groups) return null;
  return refuse('TooManyGroups', `the subject has ${groups} O values, at most ${subjectBounds.groups} are allowed`);
}

/** Refuses every attribute but one extensionRequest (RFC 2985 5.4.2). */
function* refuseAttributes(attributes: DerElement): Steps<void> {
  const reader = inside(attributes);
  let seen = false;
  while (!reader.atEnd) {
    const { type, values } = readAttribute(reader);
    if (type !== requestAttribute.extensionRequest) {
      const name = type === requestAttribute.challengePassword ? 'challengePassword' : type;
      yield refuse('AttributeNotAllowed', `the CSR has the attribute ${name}; only extensionRequest may be`);
      continue;
    }
    if (seen || values.length > 1) yield refuse('DuplicateAttribute', 'the CSR has more than one extensionRequest');
    seen = true;
    if (values[0] !== undefined) yield* refuseRequestedExtensions(values[0]);
  }
}

function readAttribute(reader: DerReader): { readonly type: string; readonly values: readonly DerElement[] } {
  const fields = inside(reader.expect(Tag.SEQUENCE, 'an attribute'));
  const type = readOid(fields.expect(Tag.OBJECT_IDENTIFIER, 'an attribute type'));
  const set = inside(fields.expect(Tag.SET, 'the values of an attribute'));
  fields.end('an attribute');
  const values: DerElement[] = [];
  // RFC 2986 4.1: SIZE (1..MAX).
  do values.push(set.next());
  while (!set.atEnd);
  return { type, values };
}

const tooLarge = (): RefusedInput<'TooLarge'> => refuse('TooLarge', `a CSR has at most ${MAX_CSR_OCTETS} octets`);

type ExtensionRefusalReason =
  | 'DuplicateExtension'
  | 'SubjectAltNameNotAllowed'
  | 'CertificateAuthorityNotAllowed'
  | 'KeyUsageNotAllowed'
  | 'ExtKeyUsageNotAllowed'
  | 'ExtensionNotAllowed';

/**
 * Refuses requested extensions beyond those of a client certificate. Extensions never reach a certificate of the local
 * CA, but a cluster's signer copies SANs. And a request for more is a mistake that the caller should learn of. Throws
 * `DerError`.
 */
function* refuseRequestedExtensions(element: DerElement): Steps<void> {
  const extensions = readExtensions(element);
  const duplicate = duplicateExtension(extensions);
  if (duplicate !== undefined) yield refuse('DuplicateExtension', `the CSR requests extension ${duplicate} twice`);
  for (const extension of extensions) {
    const refused = refuseExtension(extension);
    if (refused !== null) yield refused;
  }
}

const clientKeyUsages: readonly KeyUsage[] = ['digitalSignature', 'keyEncipherment'];

function refuseExtension(extension: Extension): RefusedInput<ExtensionRefusalReason> | null {
  switch (extension.id) {
    case extensionId.subjectAltName:
      return refuse('SubjectAltNameNotAllowed', 'the CSR requests subject alternative names');
    case extensionId.basicConstraints: {
      const { ca, pathLenConstraint } = readBasicConstraints(extensionValue(extension));
      if (ca) return refuse('CertificateAuthorityNotAllowed', 'the CSR requests a CA certificate');
      if (pathLenConstraint !== null) return refuse('ExtensionNotAllowed', 'the CSR requests a path length');
      return null;
    }
    case extensionId.keyUsage: {
      const other = readKeyUsage(extensionValue(extension)).find((usage) => !clientKeyUsages.includes(usage));
      if (other !== undefined) return refuse('KeyUsageNotAllowed', `the CSR requests key usage ${other}`);
      return null;
    }
    case extensionId.extKeyUsage: {
      const purposes = readExtKeyUsage(extensionValue(extension));
      if (purposes.length !== 1 || purposes[0] !== keyPurpose.clientAuth)
        return refuse('ExtKeyUsageNotAllowed', 'the CSR requests key purposes other than clientAuth');
      return null;
    }
    case extensionId.subjectKeyIdentifier:
      readSubjectKeyIdentifier(extensionValue(extension));
      return null;
    default:
      return refuse('ExtensionNotAllowed', `the CSR requests extension ${extension.id}`);
  }
}
