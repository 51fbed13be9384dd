import {
  bitString,
  der,
  DerError,
  type DerElement,
  inside,
  oid,
  readInteger,
  sequence,
  Tag,
} from '../../x509/strict/der.js';
import { publicKeyAlgorithm } from '../../x509/strict/object-identifiers.js';
import { publicHalf, type PublicHalf } from './public-half.js';

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

export interface RsaNumbers {
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
export function whatDiffers(numbers: RsaNumbers): readonly string[] {
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
