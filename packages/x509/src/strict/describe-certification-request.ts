import { PrimalityTests } from '../hygiene/primality-tests.js';
import { type CsrRefusal, MAX_CSR_OCTETS, readCertificationRequest } from './certification-request.js';
import {
  contextConstructed,
  type DerElement,
  DerError,
  inside,
  onlyElement,
  readInteger,
  readOctetAlignedBits,
  readOid,
  readOrNull,
  Tag,
} from './der.js';
import { displayDistinguishedName, readDistinguishedName } from './distinguished-name.js';
import { extensionValue, readExtensions } from './extension.js';
import { extensionId, publicKeyAlgorithm, requestAttribute } from './object-identifiers.js';
import { CSR_PEM_LABEL, decodePemBundle } from './pem.js';
import { sha256, signaturesHere } from './crypto.js';
import { readSubjectAltNames, type SubjectAltName } from './subject-alt-names.js';
import { curveOf, ecAlgorithms } from './subject-public-key-info.js';

/** The contents of any certification request, for people to read. Nothing is issued from this. */
export interface DescribedCertificationRequest {
  /** RFC 4514-like display form; null where it cannot be read. */
  readonly subject: string | null;
  /** The subject's attributes in order; `value` null where it is not a proper string. */
  readonly attributes: readonly { readonly type: string; readonly value: string | null }[];
  /** `ECDSA-P256`, `RSA-2048` …, else `EC` and the curve's OID, or the algorithm's OID; null where unreadable. */
  readonly keyAlgorithm: string | null;
  /** Lower-case hex; null where no key is found. */
  readonly spkiSha256: string | null;
  readonly subjectAltNames: readonly SubjectAltName[];
  /** Why kubepass itself would refuse this request; null where it would take it. */
  readonly refusal: CsrRefusal | null;
}

/** All requests of a cluster are described at once, and callers with a CSR do not wait for them. */
const primality = new PrimalityTests(Infinity);

/**
 * Describes a PEM request as far as its DER can be read, also one that the strict reader refuses; only
 * `readCertificationRequest` decides. Describes the first of several PEM blocks, as Kubernetes takes that one.
 */
export async function describeCertificationRequest(pem: string): Promise<DescribedCertificationRequest> {
  const strict = await readCertificationRequest(pem, signaturesHere, primality);
  return { ...nothing, ...describe(pem), refusal: strict.ok ? null : strict.refusal };
}

const nothing = { subject: null, attributes: [], keyAlgorithm: null, spkiSha256: null, subjectAltNames: [] };

type Described = Partial<Omit<DescribedCertificationRequest, 'refusal'>>;

function describe(pem: string): Described {
  if (pem.length > MAX_CSR_OCTETS) return {};
  const bundle = decodePemBundle(pem, CSR_PEM_LABEL);
  const der = bundle.ok ? bundle.ders[0] : undefined;
  if (der === undefined) return {};
  let described: Described = {};
  try {
    const info = inside(inside(onlyElement(der, 'the CSR')).expect(Tag.SEQUENCE, 'CertificationRequestInfo'));
    info.expect(Tag.INTEGER, 'the version');
    described = describeSubject(info.expect(Tag.SEQUENCE, 'the subject'));
    const key = info.expect(Tag.SEQUENCE, 'the public key').raw;
    described = { ...described, keyAlgorithm: algorithmOf(key), spkiSha256: sha256(key) };
    const attributes = info.optional(contextConstructed(0));
    return attributes ? { ...described, subjectAltNames: requestedNames(attributes) } : described;
  } catch (error) {
    // The parts that were read before the error are kept.
    if (error instanceof DerError) return described;
    throw error;
  }
}

function describeSubject(element: DerElement): Described {
  const subject = readDistinguishedName(element);
  return {
    subject: displayDistinguishedName(subject),
    attributes: subject.rdns.flat().map(({ type, text }) => ({ type, value: text })),
  };
}

/** Reads DER only: Node aborts the process over the details of some EC keys that OpenSSL itself lets pass. */
const algorithmOf = (spki: Buffer): string | null =>
  readOrNull(() => {
    const fields = inside(onlyElement(spki, 'a SubjectPublicKeyInfo'));
    const identifier = inside(fields.expect(Tag.SEQUENCE, 'the key algorithm'));
    const algorithm = readOid(identifier.expect(Tag.OBJECT_IDENTIFIER, 'the key algorithm'));
    switch (algorithm) {
      case publicKeyAlgorithm.rsaEncryption:
        return `RSA-${modulusBits(fields.expect(Tag.BIT_STRING, 'the public key'))}`;
      case publicKeyAlgorithm.ecPublicKey: {
        const oid = readOid(identifier.expect(Tag.OBJECT_IDENTIFIER, 'a named curve'));
        const curve = curveOf(oid);
        return curve === undefined ? `EC ${oid}` : ecAlgorithms[curve];
      }
      case publicKeyAlgorithm.ed25519:
        return 'Ed25519';
      default:
        return algorithm;
    }
  });

function modulusBits(key: DerElement): number {
  const pair = inside(onlyElement(readOctetAlignedBits(key), 'an RSAPublicKey'));
  const modulus = readInteger(pair.expect(Tag.INTEGER, 'the RSA modulus'));
  const first = modulus.findIndex((octet) => octet !== 0);
  return first < 0 ? 0 : (modulus.length - first) * 8 - (Math.clz32(modulus[first] ?? 0) - 24);
}

function requestedNames(attributes: DerElement): readonly SubjectAltName[] {
  const names: SubjectAltName[] = [];
  const reader = inside(attributes);
  while (!reader.atEnd) {
    const fields = inside(reader.expect(Tag.SEQUENCE, 'an attribute'));
    const type = readOid(fields.expect(Tag.OBJECT_IDENTIFIER, 'an attribute type'));
    const values = inside(fields.expect(Tag.SET, 'the values of an attribute'));
    while (type === requestAttribute.extensionRequest && !values.atEnd)
      for (const extension of readExtensions(values.next()))
        if (extension.id === extensionId.subjectAltName) names.push(...readSubjectAltNames(extensionValue(extension)));
  }
  return names;
}
