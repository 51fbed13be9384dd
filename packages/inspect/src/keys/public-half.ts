import { createECDH, createPrivateKey, createPublicKey } from 'node:crypto';
import {
  bitString,
  contextConstructed,
  contextPrimitive,
  der,
  type DerElement,
  DerError,
  inside,
  oid,
  onlyElement,
  publicKeyAlgorithm,
  readInteger,
  readOctetAlignedBits,
  readOid,
  sequence,
  Tag,
} from '@kubepass/x509';
import { bitLengthOf, smallInteger } from '@kubepass/x509/tree';
import type { Report } from '../model/decoded.js';
import type { PrivateKeyShape } from '../der/recognise.js';

export type UnencryptedShape = Exclude<PrivateKeyShape, 'EncryptedPKCS#8'>;

/**
 * The SubjectPublicKeyInfo of a private key in DER: a copy, never a view into it, and null where the key does not tell
 * it. Nothing else of the key leaves this file. Reports halves that do not belong together.
 */
export function readPublicHalf(bytes: Buffer, shape: UnencryptedShape, report: Report): Buffer | null {
  try {
    const key = onlyElement(bytes, 'the private key');
    switch (shape) {
      case 'PKCS#1':
        return readRsaPrivateKey(key, rsaEncryption, report);
      case 'SEC1':
        return readEllipticCurvePrivateKey(key, null, report);
      case 'DSA':
        return readDsaPrivateKey(key);
      case 'PKCS#8':
        return readPrivateKeyInfo(key, report);
    }
  } catch (error) {
    if (error instanceof DerError) return unreadableHalf(error.message, report);
    throw error;
  }
}

export function unreadableHalf(problem: string, report: Report): null {
  report('PrivateKeyInvalid', `the private key cannot be read: ${problem}`);
  return null;
}

const NOT_ITS_OWN = 'the public key that stands with the private key is not its own';

/** Reads a PrivateKeyInfo (RFC 5208 5) or a OneAsymmetricKey (RFC 5958 2), which may carry its public key. */
function readPrivateKeyInfo(key: DerElement, report: Report): Buffer | null {
  const reader = inside(key);
  reader.expect(Tag.INTEGER, 'the version');
  const algorithm = inside(reader.expect(Tag.SEQUENCE, 'the key algorithm'));
  const algorithmOid = readOid(algorithm.expect(Tag.OBJECT_IDENTIFIER, 'the key algorithm'));
  const parameters = algorithm.atEnd ? null : algorithm.next();
  const privateKey = reader.expect(Tag.OCTET_STRING, 'the private key');
  reader.optional(contextConstructed(0));
  const stated = reader.optional(contextPrimitive(1));
  reader.end('the private key');

  const half = readByAlgorithm(algorithmOid, parameters, privateKey, report);
  // [1] IMPLICIT BIT STRING has the same content octets as the BIT STRING that ends the SubjectPublicKeyInfo.
  if (stated !== undefined && half?.subarray(-stated.content.length).equals(stated.content) === false)
    report('PrivateKeyInvalid', NOT_ITS_OWN);
  return half;
}

/** RFC 4055 3.1: an RSA key for PSS alone. */
const RSASSA_PSS = '1.2.840.113549.1.1.10';

function readByAlgorithm(
  algorithm: string,
  parameters: DerElement | null,
  privateKey: DerElement,
  report: Report,
): Buffer | null {
  const { content } = privateKey;
  const start = privateKey.offset + privateKey.raw.length - content.length;
  const inner = (tag: number, what: string): DerElement => {
    const element = onlyElement(content, what, start);
    if (element.tag !== tag) throw new DerError(`${what} is of another type`, element.offset);
    return element;
  };
  if (algorithm === publicKeyAlgorithm.rsaEncryption)
    return readRsaPrivateKey(inner(Tag.SEQUENCE, 'the RSA key'), rsaEncryption, report);
  if (algorithm === RSASSA_PSS) {
    // The parameters are public and stand in the certificate, too. The identifier is a copy, not a view of the key.
    const copy = sequence(oid(algorithm), ...(parameters === null ? [] : [parameters.raw]));
    return readRsaPrivateKey(inner(Tag.SEQUENCE, 'the RSA key'), copy, report);
  }
  if (algorithm === publicKeyAlgorithm.ecPublicKey)
    return readEllipticCurvePrivateKey(inner(Tag.SEQUENCE, 'the EC key'), parameters, report);
  const size = edwardsSizes[algorithm];
  if (size !== undefined) {
    // RFC 8410 3
    if (parameters !== null) report('PrivateKeyInvalid', 'the private key has parameters');
    const octets = inner(Tag.OCTET_STRING, 'the private key').content;
    if (octets.length === size) return edwardsSubjectPublicKeyInfo(algorithm, octets);
    report('PrivateKeyInvalid', 'the private key is not of the length that its algorithm has');
    return null;
  }
  report('NotLoadable', `the private key is of algorithm ${algorithm}; it was not computed with`);
  return null;
}

/** RFC 3279 2.3.1: the parameters of rsaEncryption are NULL. */
const rsaEncryption = sequence(oid(publicKeyAlgorithm.rsaEncryption), der(Tag.NULL));

/** OpenSSL takes no more primes than these. */
const MAX_PRIMES = 5;

/**
 * Reads an RSAPrivateKey (RFC 8017 A.1.2) and checks that its two halves belong together. `algorithm` is the
 * AlgorithmIdentifier that stands beside it.
 */
function readRsaPrivateKey(key: DerElement, algorithm: Buffer, report: Report): Buffer {
  const reader = inside(key);
  const integer = (what: string): Buffer => {
    const element = reader.expect(Tag.INTEGER, what);
    const octets = readInteger(element);
    if ((octets[0] ?? 0) >= 0x80) throw new DerError(`${what} is negative`, element.offset);
    return octets;
  };
  const version = smallInteger(reader.expect(Tag.INTEGER, 'the version'));
  if (version !== 0 && version !== 1) throw new DerError(`there is no version ${version} of RSA keys`, key.offset);
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
  const problem = rsaProblem({ n, e, d, p, q, dP, dQ, qInv, others });
  if (problem !== null) report('PrivateKeyInvalid', problem);
  return rsaSubjectPublicKeyInfo(n, e, algorithm);
}

/** The SubjectPublicKeyInfo of an RSA key, from the content octets of its INTEGERs. */
export const rsaSubjectPublicKeyInfo = (n: Buffer, e: Buffer, algorithm: Buffer = rsaEncryption): Buffer =>
  sequence(algorithm, bitString(sequence(der(Tag.INTEGER, n), der(Tag.INTEGER, e))));

interface RsaNumbers extends Readonly<Record<'n' | 'e' | 'd' | 'p' | 'q' | 'dP' | 'dQ' | 'qInv', Buffer>> {
  /** The further primes of a key with more than two. */
  readonly others: readonly Buffer[];
}

/** Octets of 16,384 bits and a sign. Nothing is computed with larger numbers. */
const MAX_MODULUS = 2049;

/** Checks the equations of RFC 8017 3.2, as far as they cost little. */
function rsaProblem({ others, ...numbers }: RsaNumbers): string | null {
  const { e: exponent, ...long } = numbers;
  if ([...Object.values(long), ...others].some((octets) => octets.length > MAX_MODULUS))
    return 'a number of the RSA key has more than 16384 bits, and was not computed with';
  const [n, p, q] = [toBigInt(numbers.n), toBigInt(numbers.p), toBigInt(numbers.q)];
  if (p < 3n || q < 3n || others.map(toBigInt).reduce((product, prime) => product * prime, p * q) !== n)
    return 'the modulus of the RSA key is not the product of its primes';
  // crypto/rsa, checkPublicKeySize
  if (bitLengthOf(exponent) > 31 || bitLengthOf(exponent) < 2)
    return 'the public exponent of the RSA key is none that Go, and so Kubernetes, loads';
  const [e, d, dP, dQ] = [toBigInt(exponent), toBigInt(numbers.d), toBigInt(numbers.dP), toBigInt(numbers.dQ)];
  const fits =
    (e * dP) % (p - 1n) === 1n &&
    (e * dQ) % (q - 1n) === 1n &&
    d % (p - 1n) === dP &&
    d % (q - 1n) === dQ &&
    (toBigInt(numbers.qInv) * q) % p === 1n;
  return fits ? null : 'the private exponents of the RSA key are not those of its public half';
}

const toBigInt = (octets: Buffer): bigint => (octets.length === 0 ? 0n : BigInt(`0x${octets.toString('hex')}`));

/** The curves that are computed on, as OpenSSL names them, and the octets of a scalar. OpenSSL gets no other. */
const curves: Readonly<Partial<Record<string, { readonly name: string; readonly size: number }>>> = {
  '1.3.132.0.33': { name: 'secp224r1', size: 28 },
  '1.2.840.10045.3.1.7': { name: 'prime256v1', size: 32 },
  '1.3.132.0.34': { name: 'secp384r1', size: 48 },
  '1.3.132.0.35': { name: 'secp521r1', size: 66 },
  '1.3.132.0.10': { name: 'secp256k1', size: 32 },
};

/** Reads an ECPrivateKey (RFC 5915 3). `outerParameters` are those that stand beside it (RFC 5958 2), if any. */
function readEllipticCurvePrivateKey(
  key: DerElement,
  outerParameters: DerElement | null,
  report: Report,
): Buffer | null {
  const reader = inside(key);
  // RFC 5915 3: ecPrivkeyVer1.
  if (smallInteger(reader.expect(Tag.INTEGER, 'the version')) !== 1)
    throw new DerError('the version of the EC key is not 1', key.offset);
  const scalar = reader.expect(Tag.OCTET_STRING, 'the private key').content;
  const explicitParameters = reader.optional(contextConstructed(0));
  const explicitPoint = reader.optional(contextConstructed(1));
  reader.end('the EC key');
  const innerParameters = explicitParameters === undefined ? null : inside(explicitParameters).next();
  const parameters = outerParameters ?? innerParameters;
  if (parameters === null) throw new DerError('the curve is missing', key.offset);
  const point = explicitPoint === undefined ? null : readOctetAlignedBits(inside(explicitPoint).next());
  if (outerParameters !== null && innerParameters?.raw.equals(outerParameters.raw) === false)
    report('PrivateKeyInvalid', 'the EC key names two curves');
  return readScalar(parameters, scalar, point, report);
}

/** The public half of a scalar on a curve, which may be padded with zeros. `point`: as the key states it. */
function readScalar(parameters: DerElement, padded: Buffer, point: Buffer | null, report: Report): Buffer | null {
  const spkiOf = (octets: Buffer): Buffer =>
    sequence(sequence(oid(publicKeyAlgorithm.ecPublicKey), parameters.raw), bitString(octets));
  const named = parameters.tag === Tag.OBJECT_IDENTIFIER ? readOid(parameters) : null;
  const curve = named === null ? undefined : curves[named];
  if (curve === undefined) {
    const which = named === null ? 'a curve that it spells out' : `curve ${named}`;
    report('NotLoadable', `the private key is on ${which}; it was not computed with`);
    return point && spkiOf(point);
  }
  const excess = Math.max(0, padded.length - curve.size);
  const isPadding = padded.subarray(0, excess).every((octet) => octet === 0);
  if (excess > 0 && isPadding)
    report('PrivateKeyPadded', `the number of the EC key has ${excess} octets too many, all zero`);
  const computed = isPadding ? multiply(curve.name, padded.subarray(excess)) : null;
  if (computed === null) report('PrivateKeyInvalid', 'the private key is not a number that its curve has');
  // Go passes over a point in compressed form, and computes it anew.
  else if (point === null || isCompressed(point, computed)) return spkiOf(computed);
  else if (!point.equals(computed)) report('PrivateKeyInvalid', NOT_ITS_OWN);
  const stated = point ?? computed;
  return stated && spkiOf(stated);
}

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

/** Octets of a private key: X25519, X448, Ed25519, Ed448 (RFC 8410 3, RFC 7748 5, RFC 8032 5.1.5, 5.2.5). */
const edwardsSizes: Readonly<Partial<Record<string, number>>> = {
  '1.3.101.110': 32,
  '1.3.101.111': 56,
  '1.3.101.112': 32,
  '1.3.101.113': 57,
};

/** OpenSSL computes the public key. It reads a structure that is built here, and never the structure of the upload. */
function edwardsSubjectPublicKeyInfo(algorithm: string, privateKey: Buffer): Buffer {
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
 * Reads the DSA key of OpenSSL's traditional form, `{0, p, q, g, y, x}`, which carries its public key. Nothing is
 * computed with it, because Kubernetes takes no such key.
 */
function readDsaPrivateKey(key: DerElement): Buffer {
  const reader = inside(key);
  reader.expect(Tag.INTEGER, 'the version');
  const integer = (what: string): Buffer => reader.expect(Tag.INTEGER, what).raw;
  const [p, q, g, y] = [integer('p'), integer('q'), integer('g'), integer('y')];
  integer('x');
  reader.end('the DSA key');
  // RFC 3279 2.3.2.
  return sequence(sequence(oid(DSA), sequence(p, q, g)), bitString(y));
}
