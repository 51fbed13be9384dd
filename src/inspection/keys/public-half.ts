import { createECDH, createPrivateKey, createPublicKey } from 'node:crypto';
import type { Observation } from '../decoded.js';
import {
  bitString,
  contextConstructed,
  contextPrimitive,
  der,
  type DerElement,
  DerError,
  inside,
  oid,
  oid as writeOid,
  onlyElement,
  readInteger,
  readOctetAlignedBits,
  readOid,
  sequence,
  Tag,
} from '../../x509/strict/der.js';
import { publicKeyAlgorithm } from '../../x509/strict/object-identifiers.js';

/** What a private key says of its public half; nothing else of it leaves the function that read it. */
export interface PublicHalf {
  /** Octets of its own, never a view into the private key; null where it does not tell. */
  readonly subjectPublicKeyInfo: Buffer | null;
  readonly observations: readonly Observation[];
}

/** The public half, and what does not fit about the private one; `problems` are sentences. */
const publicHalf = (subjectPublicKeyInfo: Buffer | null, ...problems: readonly string[]): PublicHalf => ({
  subjectPublicKeyInfo,
  observations: problems.map((message) => ({ code: 'PrivateKeyInvalid', message })),
});

/** A private key of an algorithm whose public half is not computed here. */
const unsupportedKey = (subjectPublicKeyInfo: Buffer | null, message: string): PublicHalf => ({
  subjectPublicKeyInfo,
  observations: [{ code: 'KeyAlgorithmUnsupported', message }],
});

/** RFC 4055 3.1: an RSA key for PSS alone. */
const RSASSA_PSS = '1.2.840.113549.1.1.10';

/**
 * Reads a PrivateKeyInfo (RFC 5208 5) or OneAsymmetricKey (RFC 5958 2), which may carry its public key. Throws
 * `DerError` where it cannot be read.
 */
export function readPrivateKeyInfo(key: DerElement): PublicHalf {
  const reader = inside(key);
  reader.expect(Tag.INTEGER, 'the version');
  const identifier = reader.expect(Tag.SEQUENCE, 'the key algorithm');
  const algorithm = inside(identifier);
  const oid = readOid(algorithm.expect(Tag.OBJECT_IDENTIFIER, 'the key algorithm'));
  const parameters = algorithm.atEnd ? null : algorithm.next();
  const privateKey = reader.expect(Tag.OCTET_STRING, 'the private key');
  reader.optional(contextConstructed(0));
  const stated = reader.optional(contextPrimitive(1));
  reader.end('the private key');

  const half = readByAlgorithm(oid, identifier, parameters, privateKey);
  if (stated === undefined || half.subjectPublicKeyInfo === null) return half;
  // [1] IMPLICIT BIT STRING: the content octets of the one at the end of the SubjectPublicKeyInfo.
  if (half.subjectPublicKeyInfo.subarray(-stated.content.length).equals(stated.content)) return half;
  const invalid = publicHalf(null, 'the public key that stands with the private key is not its own');
  return { ...half, observations: [...half.observations, ...invalid.observations] };
}

function readByAlgorithm(
  oid: string,
  identifier: DerElement,
  parameters: DerElement | null,
  privateKey: DerElement,
): PublicHalf {
  const { content } = privateKey;
  const start = privateKey.offset + privateKey.raw.length - content.length;
  const inner = (tag: number, what: string): DerElement => {
    const element = onlyElement(content, what, start);
    if (element.tag !== tag) throw new DerError(`${what} is of another type`, element.offset);
    return element;
  };
  if (oid === publicKeyAlgorithm.rsaEncryption) return readRsaPrivateKey(inner(Tag.SEQUENCE, 'the RSA key'));
  if (oid === RSASSA_PSS) {
    // The parameters are public and stand in the certificate, too; the identifier is copied, not kept a view of.
    const copy = sequence(writeOid(oid), ...(parameters === null ? [] : [parameters.raw]));
    return readRsaPrivateKey(inner(Tag.SEQUENCE, 'the RSA key'), copy);
  }
  if (oid === publicKeyAlgorithm.ecPublicKey)
    return readEllipticCurvePrivateKey(inner(Tag.SEQUENCE, 'the EC key'), parameters);
  if (isEdwardsOrMontgomery(oid)) {
    const spki = edwardsSubjectPublicKeyInfo(oid, inner(Tag.OCTET_STRING, 'the private key').content);
    return spki === null
      ? publicHalf(null, 'the private key is not of the length that its algorithm has')
      : publicHalf(spki);
  }
  return unsupportedKey(null, `the private key is of algorithm ${oid}; it was not computed with`);
}

/** The AlgorithmIdentifier of an RSA key: RFC 3279 2.3.1, the parameters are NULL. */
const rsaEncryption = sequence(oid(publicKeyAlgorithm.rsaEncryption), der(Tag.NULL));

/**
 * Reads an RSAPrivateKey (RFC 8017 A.1.2) and checks that its two halves belong together. `algorithm` is the
 * AlgorithmIdentifier that stands beside it. Throws `DerError` where it cannot be read.
 */
export function readRsaPrivateKey(key: DerElement, algorithm: Buffer = rsaEncryption): PublicHalf {
  const reader = inside(key);
  const integer = (what: string): Buffer => {
    const element = reader.expect(Tag.INTEGER, what);
    const octets = readInteger(element);
    if ((octets[0] ?? 0) >= 0x80) throw new DerError(`${what} is negative`, element.offset);
    return octets;
  };
  const version = integer('the version')[0] ?? 0;
  const n = integer('the modulus');
  const e = integer('the public exponent');
  const d = integer('the private exponent');
  const [p, q] = [integer('the first prime'), integer('the second prime')];
  const [dP, dQ, qInv] = [integer('an exponent'), integer('an exponent'), integer('the coefficient')];
  const others: Buffer[] = [];
  if (version === 1) {
    const infos = inside(reader.expect(Tag.SEQUENCE, 'the other primes'));
    while (!infos.atEnd && others.length <= MAX_PRIMES)
      others.push(
        readInteger(inside(infos.expect(Tag.SEQUENCE, 'another prime')).expect(Tag.INTEGER, 'another prime')),
      );
  }
  reader.end('the RSA key');
  const spki = rsaSubjectPublicKeyInfo(n, e, algorithm);
  return publicHalf(spki, ...whatDiffers({ n, e, d, p, q, dP, dQ, qInv, others }));
}

/** A SubjectPublicKeyInfo of an RSA key, from INTEGERs' octets. */
export const rsaSubjectPublicKeyInfo = (n: Buffer, e: Buffer, algorithm: Buffer = rsaEncryption): Buffer =>
  sequence(algorithm, bitString(sequence(der(Tag.INTEGER, n), der(Tag.INTEGER, e))));

interface RsaNumbers {
  readonly n: Buffer;
  readonly e: Buffer;
  readonly d: Buffer;
  readonly p: Buffer;
  readonly q: Buffer;
  readonly qInv: Buffer;
  /** Null where the format does not carry them. */
  readonly dP: Buffer | null;
  readonly dQ: Buffer | null;
  /** Of a key of more than two primes. */
  readonly others: readonly Buffer[];
}

/** OpenSSL takes no more primes than these. */
const MAX_PRIMES = 5;
/** Octets of 16,384 bits and a sign: past it numbers are not computed with. */
const MAX_MODULUS = 2049;
/** Octets of an exponent that is computed with; 65537 takes three. */
const MAX_EXPONENT = 8;

/** RFC 8017 3.2: how the numbers of a key hang together, as far as it costs little to compute. */
function whatDiffers(numbers: RsaNumbers): readonly string[] {
  const { others, e: exponent, ...rest } = numbers;
  if ([...Object.values(rest), ...others].some((octets) => octets !== null && octets.length > MAX_MODULUS)) return [];
  const [n, p, q, d] = [numbers.n, numbers.p, numbers.q, numbers.d].map(toBigInt) as [bigint, bigint, bigint, bigint];
  if (p < 3n || q < 3n || others.map(toBigInt).reduce((product, prime) => product * prime, p * q) !== n)
    return ['the modulus of the RSA key is not the product of its primes'];
  if (exponent.length > MAX_EXPONENT) return [];
  const e = toBigInt(exponent);
  const dP = numbers.dP === null ? d % (p - 1n) : toBigInt(numbers.dP);
  const dQ = numbers.dQ === null ? d % (q - 1n) : toBigInt(numbers.dQ);
  const fits =
    (e * dP) % (p - 1n) === 1n &&
    (e * dQ) % (q - 1n) === 1n &&
    d % (p - 1n) === dP &&
    d % (q - 1n) === dQ &&
    (toBigInt(numbers.qInv) * q) % p === 1n;
  return fits ? [] : ['the private exponents of the RSA key are not those of its public half'];
}

const toBigInt = (octets: Buffer): bigint => (octets.length === 0 ? 0n : BigInt(`0x${octets.toString('hex')}`));

/** The curves that are computed on, as OpenSSL names them, and octets of a scalar. No other is ever handed to it. */
const curves: Readonly<Partial<Record<string, { readonly name: string; readonly size: number }>>> = {
  '1.3.132.0.33': { name: 'secp224r1', size: 28 },
  '1.2.840.10045.3.1.7': { name: 'prime256v1', size: 32 },
  '1.3.132.0.34': { name: 'secp384r1', size: 48 },
  '1.3.132.0.35': { name: 'secp521r1', size: 66 },
  '1.3.132.0.10': { name: 'secp256k1', size: 32 },
};

/**
 * Reads an ECPrivateKey (RFC 5915 3). `outerParameters` are those that stand beside it (RFC 5958 2), if any. Throws
 * `DerError` where it cannot be read.
 */
export function readEllipticCurvePrivateKey(key: DerElement, outerParameters: DerElement | null): PublicHalf {
  const reader = inside(key);
  reader.expect(Tag.INTEGER, 'the version');
  const scalar = reader.expect(Tag.OCTET_STRING, 'the private key').content;
  const explicitParameters = reader.optional(contextConstructed(0));
  const explicitPoint = reader.optional(contextConstructed(1));
  reader.end('the EC key');
  const innerParameters = explicitParameters === undefined ? null : inside(explicitParameters).next();
  const parameters = outerParameters ?? innerParameters;
  if (parameters === null) throw new DerError('the curve is missing', key.offset);
  const point = explicitPoint === undefined ? null : readOctetAlignedBits(inside(explicitPoint).next());
  const differ =
    outerParameters !== null && innerParameters !== null && !outerParameters.raw.equals(innerParameters.raw)
      ? ['the EC key names two curves']
      : [];
  const half = checkPoint(parameters, scalar, point);
  return { ...half, observations: [...publicHalf(null, ...differ).observations, ...half.observations] };
}

/** The public half of a scalar on a curve, and whether `point` is it. */
function checkPoint(parameters: DerElement, scalar: Buffer, point: Buffer | null): PublicHalf {
  const named = parameters.tag === Tag.OBJECT_IDENTIFIER ? readOid(parameters) : null;
  const curve = named === null ? undefined : curves[named];
  if (curve === undefined) {
    const which = named === null ? 'a curve that it spells out' : `curve ${named}`;
    const stated = point === null ? null : spkiOf(parameters, point);
    return unsupportedKey(stated, `the private key is on ${which}; it was not computed with`);
  }
  const computed = scalar.length > curve.size ? null : multiply(curve.name, scalar);
  if (computed === null)
    return publicHalf(
      point === null ? null : spkiOf(parameters, point),
      'the private key is not a number that its curve has',
    );
  if (point === null || point.equals(computed) || isCompressed(point, computed))
    return publicHalf(spkiOf(parameters, point ?? computed));
  return publicHalf(spkiOf(parameters, point), 'the public key that stands with the private key is not its own');
}

const spkiOf = (parameters: DerElement, point: Buffer): Buffer =>
  sequence(sequence(oid(publicKeyAlgorithm.ecPublicKey), parameters.raw), bitString(point));

/** SEC 1 2.3.3: 02 or 03 by the parity of y, and x. */
function isCompressed(point: Buffer, uncompressed: Buffer): boolean {
  const size = (uncompressed.length - 1) / 2;
  const parity = (uncompressed.at(-1) ?? 0) & 1;
  return point[0] === 2 + parity && point.subarray(1).equals(uncompressed.subarray(1, 1 + size));
}

/** The point of a scalar, uncompressed; null where the scalar is 0 or past the order of the curve. */
function multiply(curve: string, scalar: Buffer): Buffer | null {
  const exchange = createECDH(curve);
  try {
    exchange.setPrivateKey(scalar);
    return exchange.getPublicKey();
  } catch {
    return null;
  }
}

/** RFC 8410 3, RFC 8032 5.1.5, 5.2.5, RFC 7748 5: algorithms and octets of a private key. */
const sizes: Readonly<Partial<Record<string, number>>> = {
  '1.3.101.110': 32,
  '1.3.101.111': 56,
  '1.3.101.112': 32,
  '1.3.101.113': 57,
};

const isEdwardsOrMontgomery = (algorithm: string): boolean => sizes[algorithm] !== undefined;

/**
 * The SubjectPublicKeyInfo of an X25519, X448, Ed25519 or Ed448 key; null where the private key is not as long as it
 * must be. What OpenSSL gets to read is built here, not taken from the upload.
 */
function edwardsSubjectPublicKeyInfo(algorithm: string, privateKey: Buffer): Buffer | null {
  if (privateKey.length !== sizes[algorithm]) return null;
  const info = sequence(
    der(Tag.INTEGER, Buffer.of(0)),
    sequence(oid(algorithm)),
    der(Tag.OCTET_STRING, der(Tag.OCTET_STRING, privateKey)),
  );
  try {
    const key = createPublicKey(createPrivateKey({ key: info, format: 'der', type: 'pkcs8' }));
    return key.export({ format: 'der', type: 'spki' });
  } finally {
    info.fill(0);
  }
}

const DSA = '1.2.840.10040.4.1';

/**
 * Reads the DSA key of OpenSSL's traditional form, `{0, p, q, g, y, x}`: it carries its public key. Nothing is
 * computed with it; Kubernetes takes no such key. Throws `DerError` where it cannot be read.
 */
export function readDsaPrivateKey(key: DerElement): PublicHalf {
  const reader = inside(key);
  reader.expect(Tag.INTEGER, 'the version');
  const [p, q, g, y] = ['p', 'q', 'g', 'y'].map((what) => reader.expect(Tag.INTEGER, what).raw) as [
    Buffer,
    Buffer,
    Buffer,
    Buffer,
  ];
  reader.expect(Tag.INTEGER, 'x');
  reader.end('the DSA key');
  return publicHalf(dsaSubjectPublicKeyInfo(p, q, g, y));
}

/** RFC 3279 2.3.2, from DER INTEGERs. */
const dsaSubjectPublicKeyInfo = (p: Buffer, q: Buffer, g: Buffer, y: Buffer): Buffer =>
  sequence(sequence(oid(DSA), sequence(p, q, g)), bitString(y));
