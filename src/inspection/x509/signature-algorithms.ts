import { DerError, onlyElement, Tag } from '../../x509/strict/der.js';
import { maskHash, readRsaPssParameters, rsassaPss } from '../../x509/openssl-text/rsa-pss.js';
import { magnitudeOf, readSignedMagnitude } from '../../x509/openssl-text/values.js';
import type { AlgorithmIdentifier } from './describe-algorithm.js';

export type SignatureKind = 'rsa' | 'rsa-pss' | 'ec' | 'dsa' | 'ed25519' | 'ed448';

/** What a signature algorithm does. */
export interface SignatureScheme {
  readonly kind: SignatureKind;
  /** As Node's crypto names it; null where the algorithm hashes by itself. */
  readonly hash: string | null;
  /** Of RSASSA-PSS, in octets. */
  readonly saltLength: number | null;
}

const schemes = new Map<string, SignatureScheme>();
const enter = (kind: SignatureKind, hash: string | null, ...identifiers: readonly string[]): void => {
  for (const oid of identifiers) schemes.set(oid, { kind, hash, saltLength: null });
};

// RFC 8017 A.2.4, RFC 3279 2.2.1, and those of OIW before them.
enter('rsa', 'md2', '1.2.840.113549.1.1.2');
enter('rsa', 'md4', '1.2.840.113549.1.1.3');
enter('rsa', 'md5', '1.2.840.113549.1.1.4', '1.3.14.3.2.3');
enter('rsa', 'sha1', '1.2.840.113549.1.1.5', '1.3.14.3.2.15', '1.3.14.3.2.29');
enter('rsa', 'sha224', '1.2.840.113549.1.1.14');
enter('rsa', 'sha256', '1.2.840.113549.1.1.11');
enter('rsa', 'sha384', '1.2.840.113549.1.1.12');
enter('rsa', 'sha512', '1.2.840.113549.1.1.13');
enter('rsa', 'sha512-224', '1.2.840.113549.1.1.15');
enter('rsa', 'sha512-256', '1.2.840.113549.1.1.16');
enter('rsa', 'sha3-224', '2.16.840.1.101.3.4.3.13');
enter('rsa', 'sha3-256', '2.16.840.1.101.3.4.3.14');
enter('rsa', 'sha3-384', '2.16.840.1.101.3.4.3.15');
enter('rsa', 'sha3-512', '2.16.840.1.101.3.4.3.16');
// RFC 5758 3.2, RFC 3279 2.2.3
enter('ec', 'sha1', '1.2.840.10045.4.1');
enter('ec', 'sha224', '1.2.840.10045.4.3.1');
enter('ec', 'sha256', '1.2.840.10045.4.3.2');
enter('ec', 'sha384', '1.2.840.10045.4.3.3');
enter('ec', 'sha512', '1.2.840.10045.4.3.4');
enter('ec', 'sha3-224', '2.16.840.1.101.3.4.3.9');
enter('ec', 'sha3-256', '2.16.840.1.101.3.4.3.10');
enter('ec', 'sha3-384', '2.16.840.1.101.3.4.3.11');
enter('ec', 'sha3-512', '2.16.840.1.101.3.4.3.12');
// RFC 5758 3.1, RFC 3279 2.2.2
enter('dsa', 'sha1', '1.2.840.10040.4.3', '1.3.14.3.2.13', '1.3.14.3.2.27');
enter('dsa', 'sha224', '2.16.840.1.101.3.4.3.1');
enter('dsa', 'sha256', '2.16.840.1.101.3.4.3.2');
// RFC 8410 3
enter('ed25519', null, '1.3.101.112');
enter('ed448', null, '1.3.101.113');

const hashes: Readonly<Record<string, string>> = {
  '1.3.14.3.2.26': 'sha1',
  '2.16.840.1.101.3.4.2.4': 'sha224',
  '2.16.840.1.101.3.4.2.1': 'sha256',
  '2.16.840.1.101.3.4.2.2': 'sha384',
  '2.16.840.1.101.3.4.2.3': 'sha512',
};

/** Null for an algorithm that is not known, or with parameters that are not. */
export function signatureScheme(algorithm: AlgorithmIdentifier): SignatureScheme | null {
  if (algorithm.oid !== rsassaPss) return schemes.get(algorithm.oid) ?? null;
  try {
    return pssScheme(algorithm);
  } catch (error) {
    if (error instanceof DerError) return null;
    throw error;
  }
}

/** RFC 4055 3.1: each parameter has a default. The mask is taken for known where it is made with the same hash. */
function pssScheme({ oid, parameters }: AlgorithmIdentifier): SignatureScheme | null {
  if (parameters?.tag !== Tag.SEQUENCE) return null;
  const { hash, mask, saltLength, trailerField } = readRsaPssParameters({
    algorithm: oid,
    parameters: onlyElement(parameters.raw, 'the parameters of RSASSA-PSS'),
  });
  const name = hashes[hash?.algorithm ?? SHA1];
  const salt = saltLength ? readSignedMagnitude(saltLength) : DEFAULT_SALT;
  const trailer = trailerField ? magnitudeOf(readSignedMagnitude(trailerField).octets) : 1n;
  if (name === undefined || (mask ? hashes[maskHash(mask)] : 'sha1') !== name || trailer !== 1n) return null;
  if (salt.negative || salt.octets.length > 2) return null;
  return { kind: 'rsa-pss', hash: name, saltLength: salt.octets.readUIntBE(0, salt.octets.length) };
}

const SHA1 = '1.3.14.3.2.26';
const DEFAULT_SALT = { negative: false, octets: Buffer.of(20) };

/** Hashes for which two messages of one digest can be made: RFC 6149, RFC 6150, RFC 6151, RFC 6194. */
const broken = new Set<string | null>(['md2', 'md4', 'md5', 'sha1']);

/** The broken hash that a signature rests on; null where it rests on none, or on what is not known. */
export function brokenHash(algorithm: AlgorithmIdentifier): string | null {
  const hash = signatureScheme(algorithm)?.hash ?? pssHash(algorithm);
  return broken.has(hash) ? hash : null;
}

/** Of RSASSA-PSS with parameters that are not supported otherwise. */
function pssHash({ oid, parameters }: AlgorithmIdentifier): string | null {
  if (oid !== rsassaPss || parameters?.tag !== Tag.SEQUENCE) return null;
  try {
    const { hash } = readRsaPssParameters({ algorithm: oid, parameters });
    return hashes[hash?.algorithm ?? SHA1] ?? null;
  } catch (error) {
    if (error instanceof DerError) return null;
    throw error;
  }
}
