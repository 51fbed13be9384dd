import { hash } from 'node:crypto';
import type { PublicKeyDescription } from '../model/inspection.js';
import {
  curveOf,
  type DerElement,
  DerError,
  DerReader,
  inside,
  publicKeyAlgorithm,
  readInteger,
  readSubjectPublicKeyInfo,
  rsaWeakness,
  Tag,
  whyNotOnCurve,
} from '@kubepass/x509';
import { namedCurves, objectNames } from '@kubepass/x509/openssl-text';
import {
  type AlgorithmIdentifier,
  bitLengthOf,
  dottedIdentifier,
  isEven,
  type PublicKeyTree,
  readPublicKeyTree,
  rsaMagnitudes,
  rsassaPss,
} from '@kubepass/x509/tree';
import { readOrNull } from '../der/recognise.js';
import type { Report } from '../model/decoded.js';
import { observeIdentifier } from './go-rules.js';

/** The description of a key besides its identifiers. */
type KeyFacts = Pick<PublicKeyDescription, 'algorithm' | 'bits' | 'curve' | 'exponent'>;

const NO_FACTS = { bits: null, curve: null, exponent: null };

/** Describes a SubjectPublicKeyInfo in DER that stands alone. Throws `DerError` where it is none. */
export function describePublicKey(spki: Buffer, report: Report): PublicKeyDescription {
  const reader = new DerReader(spki);
  const publicKey = readPublicKeyTree(reader);
  reader.end('the public key');
  // Go loads a certificate whatever the algorithm of its key is, but no key of an algorithm that it lacks.
  const known: readonly string[] = [publicKeyAlgorithm.rsaEncryption, publicKeyAlgorithm.ecPublicKey];
  const isKnown = known.includes(publicKey.algorithm.oid);
  return describePublicKeyTree(publicKey, (code, message) => {
    report(code === 'KeyAlgorithmUnsupported' && !isKnown ? 'NotLoadable' : code, message);
  });
}

/** Describes a key by its octets alone, whatever its algorithm, and reports its oddities. */
export const describePublicKeyTree = (publicKey: PublicKeyTree, report: Report): PublicKeyDescription => ({
  ...describeKey(publicKey, report),
  oid: publicKey.algorithm.oid,
  spkiSha256: hash('sha256', publicKey.raw, 'hex'),
});

const otherAlgorithm = { rsa: '2.5.8.1.1', dsa: '1.2.840.10040.4.1' } as const;

/** RFC 8410 3, 4: the bits are the key itself, without parameters. */
const rawKeys: Readonly<
  Partial<Record<string, { readonly name: string; readonly octets: number; readonly bits: number }>>
> = {
  '1.3.101.110': { name: 'X25519', octets: 32, bits: 256 },
  '1.3.101.111': { name: 'X448', octets: 56, bits: 448 },
  '1.3.101.113': { name: 'Ed448', octets: 57, bits: 448 },
};

function describeKey(publicKey: PublicKeyTree, report: Report): KeyFacts {
  const { algorithm, octets: key, unused } = publicKey;
  observeIdentifier(algorithm.oid, report);
  if (unused > 0) report('PublicKeyInvalid', 'the key is not a whole number of octets');
  switch (algorithm.oid) {
    case publicKeyAlgorithm.rsaEncryption:
    case otherAlgorithm.rsa:
      if (algorithm.oid === otherAlgorithm.rsa) unsupported(report, 'an RSA key under its identifier of X.509');
      // RFC 3279 2.3.1; Go reads no other.
      if (algorithm.parameters?.tag !== Tag.NULL || algorithm.parameters.content.length > 0)
        report('PublicKeyInvalid', 'the parameters beside the RSA key are not NULL');
      return describeRsaKey('RSA', publicKey, report);
    case rsassaPss:
      unsupported(report, 'a key that is bound to RSASSA-PSS');
      return describeRsaKey('RSASSA-PSS', publicKey, report);
    case publicKeyAlgorithm.ecPublicKey:
      return describeEllipticCurveKey(algorithm, key, report);
    case publicKeyAlgorithm.ed25519:
      return describeEd25519Key(publicKey.raw, report);
    case otherAlgorithm.dsa:
      return describeDsaKey(publicKey, report);
    default:
      return describeOtherKey(publicKey, report);
  }
}

function describeOtherKey({ algorithm: { oid, parameters }, octets: key }: PublicKeyTree, report: Report): KeyFacts {
  const raw = rawKeys[oid];
  if (raw === undefined) {
    const name = objectNames.long(oid);
    unsupported(report, `a key of algorithm ${name}`);
    return { ...NO_FACTS, algorithm: postQuantum.test(name) ? name : oid };
  }
  const { name, octets, bits } = raw;
  unsupported(report, `a key of algorithm ${name}`);
  if (key.length !== octets) report('PublicKeyInvalid', `an ${name} key has ${octets} octets, not ${key.length}`);
  if (parameters !== null) report('PublicKeyInvalid', `the ${name} key has parameters`);
  return { ...NO_FACTS, algorithm: name, bits };
}

const postQuantum = /^(?:ML-DSA|ML-KEM|SLH-DSA)-/;

const unsupported = (report: Report, what: string): void => {
  report('KeyAlgorithmUnsupported', `Kubernetes cannot use ${what}`);
};

const refused = (report: Report, what: string): void => {
  report('NotLoadable', `Go, and so Kubernetes, cannot load ${what}`);
};

/** The value that `read` answers; null, and reported, where it meets octets that cannot be read. */
function readOrReport<T>(read: () => T, report: Report): T | null {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof DerError)) throw error;
    report('PublicKeyInvalid', error.message);
    return null;
  }
}

/** crypto/tls of Go refuses longer keys. */
const LONGEST_USABLE_RSA_KEY = 8192;
/** A shorter modulus is factored within hours, whatever its factors are. */
const SHORTEST_TESTED_RSA_KEY = 512;
/** How long an exponent may be to be shown in decimal. */
const LONGEST_SHOWN_EXPONENT = 2048;

function describeRsaKey(name: string, { rsa }: PublicKeyTree, report: Report): KeyFacts {
  for (const { code, message } of rsa?.observations ?? []) report(code, `the RSA key: ${message}`);
  if (!rsa?.value) report('PublicKeyInvalid', `the RSA key cannot be read: ${rsa?.problem ?? ''}`);
  const { value } = rsa ?? {};
  const key = value ? readOrReport(() => rsaMagnitudes(value), report) : null;
  if (key === null) return { ...NO_FACTS, algorithm: name };
  const { bits, modulus, exponent } = key;
  if (bits < 2048) report('WeakRsaKey', `the RSA key has ${bits} bits`);
  if (bits > LONGEST_USABLE_RSA_KEY) unsupported(report, `an RSA key of ${bits} bits`);
  if (isEven(modulus)) report('PublicKeyInvalid', 'the RSA modulus is even');
  else if (bits >= SHORTEST_TESTED_RSA_KEY && bits <= LONGEST_USABLE_RSA_KEY) {
    const weakness = rsaWeakness(modulus);
    if (weakness !== null) report('RsaKeyFactorable', weakness);
  }
  const size = bitLengthOf(exponent);
  if (size === 0 || size > 63) report('PublicKeyInvalid', 'the RSA exponent is zero, or has more than 63 bits');
  const shown = exponent.length <= LONGEST_SHOWN_EXPONENT ? decimal(exponent) : null;
  observeExponent(exponent, `the RSA exponent ${shortForm(shown)}`, report);
  return { algorithm: `${name}-${bits}`, bits, curve: null, exponent: shown };
}

const decimal = (octets: Buffer): string =>
  octets.length <= 6 ? String(octets.readUIntBE(0, octets.length)) : BigInt(`0x${octets.toString('hex')}`).toString();

const shortForm = (exponent: string | null): string =>
  exponent === null || exponent.length > 30 ? '' : `${exponent} `;

/** 65537 is the least that FIPS 186-5 5.4 allows; crypto/rsa of Go takes odd ones from 3 to 2^31 - 1. */
function observeExponent(exponent: Buffer, what: string, report: Report): void {
  const value = exponent.length > 4 ? Infinity : exponent.readUIntBE(0, exponent.length);
  if (isEven(exponent)) report('RsaExponentUnusual', `${what}is even`);
  else if (value > 0x7fffffff) report('RsaExponentUnusual', `${what}is larger than 2147483647`);
  else if (value < 3) report('RsaExponentUnusual', `${what}is below 3`);
  else if (value < 65537) report('RsaExponentSmall', `${what}is below 65537`);
}

/** Go loads keys on it, but TLS 1.3 has no such signatures. */
const P224 = '1.3.132.0.33';

function describeEllipticCurveKey({ parameters }: AlgorithmIdentifier, point: Buffer, report: Report): KeyFacts {
  if (parameters?.tag !== Tag.OBJECT_IDENTIFIER) return describeUnnamedCurveKey(parameters, report);
  const oid = dottedIdentifier(parameters);
  const curve = namedCurves.get(oid);
  // `secp256k1` where NIST has no name for it.
  const name = curve?.nistName ?? curve?.name ?? oid;
  const bits = curve ? Number(curve.orderBits) : null;
  const facts = { algorithm: `ECDSA-${name.replace(/^([PKB])-/, '$1')}`, bits, curve: name, exponent: null };
  if (bits !== null && bits < 256) report('WeakEllipticCurve', `the key is on ${name}, a curve of ${bits} bits`);
  const supported = curveOf(oid);
  if (supported === undefined) (oid === P224 ? unsupported : refused)(report, `a key on the curve ${name}`);
  else if (point[0] === 2 || point[0] === 3) refused(report, 'a point in compressed form');
  else {
    const problem = whyNotOnCurve(supported, point);
    if (problem !== null) report('PublicKeyInvalid', `the key is not a point on ${name}: ${problem}`);
  }
  return facts;
}

function describeUnnamedCurveKey(parameters: DerElement | null, report: Report): KeyFacts {
  if (parameters?.tag !== Tag.SEQUENCE) {
    report('PublicKeyInvalid', 'the elliptic-curve key says nothing of its curve');
    return { ...NO_FACTS, algorithm: 'ECDSA' };
  }
  report('ExplicitCurveParameters', 'the key spells out the parameters of its curve');
  const bits = orderBits(parameters);
  if (bits !== null && bits < 256) report('WeakEllipticCurve', `the key is on a curve of ${bits} bits`);
  return { algorithm: 'ECDSA-explicit', bits, curve: null, exponent: null };
}

/** ECParameters (SEC 1 C.2): version, field, coefficients, generator, order. */
const orderBits = (parameters: DerElement): number | null =>
  readOrNull(() => {
    const fields = inside(parameters);
    for (let i = 0; i < 4; i++) fields.next();
    return bitLengthOf(fields.expect(Tag.INTEGER, 'the order of a curve').content);
  });

function describeEd25519Key(spki: Buffer, report: Report): KeyFacts {
  const strict = readOrReport(() => readSubjectPublicKeyInfo(spki), report);
  if (strict?.ok === false) report('PublicKeyInvalid', strict.refusal.message);
  return { ...NO_FACTS, algorithm: 'Ed25519', bits: 256 };
}

/** RFC 3279 2.3.2: p, q and g beside the algorithm, unless they are inherited from the issuer. */
function describeDsaKey({ algorithm: { parameters }, octets }: PublicKeyTree, report: Report): KeyFacts {
  unsupported(report, 'a DSA key');
  if (parameters?.tag !== Tag.SEQUENCE) {
    refused(report, 'a DSA key without parameters of its own');
    return { ...NO_FACTS, algorithm: 'DSA' };
  }
  const bits = readOrReport(() => {
    const fields = inside(parameters);
    const [p] = [fields, fields, fields, new DerReader(octets)].map((reader) => {
      const number = readInteger(reader.expect(Tag.INTEGER, 'a number of the DSA key'));
      const size = bitLengthOf(number);
      if (size === 0 || (number[0] ?? 0) >= 0x80) throw new DerError('a number of the DSA key is not positive', 0);
      return size;
    });
    return p ?? null;
  }, report);
  return { ...NO_FACTS, algorithm: bits === null ? 'DSA' : `DSA-${bits}`, bits };
}
