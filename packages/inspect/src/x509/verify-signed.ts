import { constants, createPublicKey, type KeyObject, verify } from 'node:crypto';
import { publicKeyAlgorithm, Tag } from '@kubepass/x509';
import { namedCurves, objectNames } from '@kubepass/x509/openssl-text';
import { importSpki } from '@kubepass/x509/public-keys';
import {
  type AlgorithmIdentifier,
  dottedIdentifier,
  isEven,
  magnitudeOf,
  type PublicKeyTree,
  rsaMagnitudes,
  type RsaPssParameters,
  type RsaPublicKey,
  rsassaPss,
  signedMagnitude,
} from '@kubepass/x509/tree';
import type { Report, Signed } from '../model/decoded.js';
import type { AlgorithmContent } from '../model/inspection.js';

export type SignatureVerdict = 'valid' | 'invalid' | 'unsupported';

/**
 * Whether the key made the signature. The work is bounded: keys and algorithms that would ask for more, or that are not
 * known, are `unsupported`. MD5 and older hashes are, too.
 */
export function verifySigned(signed: Signed, publicKey: PublicKeyTree): SignatureVerdict {
  const scheme = signatureScheme(signed.algorithm);
  if (scheme === null || !isSupported(scheme)) return 'unsupported';
  const key = verificationKey(publicKey);
  if (key === null) return 'unsupported';
  // RFC 4055 1.2: a key for RSASSA-PSS makes no other signatures.
  const fits = key.kind === scheme.kind || (key.kind === 'rsa' && scheme.kind === 'rsa-pss');
  return fits && isValid(signed, scheme, key) ? 'valid' : 'invalid';
}

const isSupported = ({ kind, hash }: SignatureScheme): boolean =>
  kind !== 'dsa' && !['md2', 'md4', 'md5'].includes(hash ?? '');

function isValid({ signedBytes, signature }: Signed, { hash, saltLength }: SignatureScheme, { key }: VerificationKey) {
  const padding = saltLength === null ? {} : { padding: constants.RSA_PKCS1_PSS_PADDING, saltLength };
  try {
    return verify(hash, signedBytes, { key, ...padding }, signature);
  } catch {
    // OpenSSL throws where a signature is not even well-formed, or the key is too short for the hash.
    return false;
  }
}

/** A key that can verify signatures. */
interface VerificationKey {
  /** An `rsa-pss` key may make no other signatures. */
  readonly kind: Exclude<SignatureKind, 'dsa'>;
  readonly key: KeyObject;
}

/** The CAs of a fleet. */
const MAX_CACHED = 256;
/** The key that was used last is the last one. */
const cache = new Map<string, VerificationKey | null>();

/**
 * Imports a key; null for an algorithm or a size that is not supported. The keys of CAs come again and again, so the
 * last few stay imported.
 */
function verificationKey(publicKey: PublicKeyTree): VerificationKey | null {
  const id = publicKey.raw.toString('latin1');
  const cached = cache.get(id);
  const key = cached === undefined ? importKey(publicKey) : cached;
  if (id.length > LONGEST_CACHED) return key;
  cache.delete(id);
  const [oldest] = cache.size >= MAX_CACHED ? cache.keys() : [];
  if (oldest !== undefined) cache.delete(oldest);
  cache.set(id, key);
  return key;
}

/** In octets; more than the largest RSA key that is supported has. */
const LONGEST_CACHED = 1200;

const ed448 = '1.3.101.113';

function importKey({ raw, algorithm, octets, rsa }: PublicKeyTree): VerificationKey | null {
  const { oid, parameters } = algorithm;
  try {
    switch (oid) {
      case publicKeyAlgorithm.rsaEncryption:
        return importRsaKey('rsa', rsa?.asWritten ?? null);
      case rsassaPss:
        return importRsaKey('rsa-pss', rsa?.asWritten ?? null);
      case publicKeyAlgorithm.ecPublicKey:
        // A key that spells its curve out is never imported: arithmetic on that curve is not bounded.
        return parameters?.tag === Tag.OBJECT_IDENTIFIER && namedCurves.has(dottedIdentifier(parameters))
          ? { kind: 'ec', key: importSpki(raw) }
          : null;
      case publicKeyAlgorithm.ed25519:
        return importOctetKey('ed25519', 'Ed25519', octets);
      case ed448:
        return importOctetKey('ed448', 'Ed448', octets);
      default:
        return null;
    }
  } catch {
    // No key to OpenSSL, which says so in dozens of ways.
    return null;
  }
}

/** Bound the cost of a verification: moduli of up to 8192 bits, exponents of up to 32. */
const MAX_MODULUS_BITS = 8192;
const MAX_EXPONENT_OCTETS = 4;

function importRsaKey(kind: 'rsa' | 'rsa-pss', key: RsaPublicKey | null): VerificationKey | null {
  if (key === null) return null;
  const { bits, modulus, exponent } = rsaMagnitudes(key);
  if (bits > MAX_MODULUS_BITS || exponent.length > MAX_EXPONENT_OCTETS || isEven(exponent) || isEven(modulus))
    return null;
  // Under the exponent 1 everything is its own signature.
  if (exponent.length === 1 && exponent[0] === 1) return null;
  const jwk = { kty: 'RSA', n: modulus.toString('base64url'), e: exponent.toString('base64url') };
  return { kind, key: createPublicKey({ key: jwk, format: 'jwk' }) };
}

function importOctetKey(kind: 'ed25519' | 'ed448', crv: string, octets: Buffer): VerificationKey | null {
  const jwk = { kty: 'OKP', crv, x: octets.toString('base64url') };
  return { kind, key: createPublicKey({ key: jwk, format: 'jwk' }) };
}

export function describeAlgorithm({ oid, parameters }: AlgorithmIdentifier): AlgorithmContent {
  const silent = parameters === null || parameters.tag === Tag.NULL;
  return { name: objectNames.long(oid), oid, parameters: silent ? null : parameters.raw.toString('hex') };
}

/** RFC 5280 4.1.1.2, 5.1.1.2: the algorithm that is signed over is the one outside. */
export function observeAlgorithms(inner: AlgorithmIdentifier, outer: AlgorithmIdentifier, report: Report): void {
  if (inner.raw.equals(outer.raw)) return;
  const [inside, outside] = [describeAlgorithm(inner).name, describeAlgorithm(outer).name];
  report(
    'SignatureAlgorithmsDiffer',
    inside === outside
      ? `the parameters of ${inside} are not the same in the signed part and outside`
      : `the algorithm is ${inside} in the signed part and ${outside} outside`,
  );
}

/** Hashes for which two messages of one digest can be made: RFC 6149, RFC 6150, RFC 6151, RFC 6194. */
const broken = new Set<string | null>(['md2', 'md4', 'md5', 'sha1']);

/** Reports a signature that rests on a broken hash. */
export function observeBrokenHash(algorithm: AlgorithmIdentifier, report: Report): void {
  const { rsaPss } = algorithm;
  const hash = signatureScheme(algorithm)?.hash ?? (rsaPss && hashOf(rsaPss));
  if (broken.has(hash))
    report('WeakSignature', `it is signed with ${hash?.toUpperCase().replace('SHA1', 'SHA-1') ?? ''}`);
}

/** The digests with which Go, and so Kubernetes, checks RSASSA-PSS, and their octets. */
const usablePssHashes: Readonly<Record<string, number>> = { sha256: 32, sha384: 48, sha512: 64 };

/**
 * Reports parameters of RSASSA-PSS with which Go checks no signature (crypto/x509, getSignatureAlgorithmFromAI), and
 * those of other algorithms that are not as the algorithm asks for.
 */
export function observeParameters({ oid, parameters, rsaPss }: AlgorithmIdentifier, report: Report): void {
  const problem = oid === rsassaPss ? whyUnusable(rsaPss) : null;
  if (problem !== null) report('RsaPssParametersUnusable', `the parameters of RSASSA-PSS: ${problem}`);
  const kind = schemes.get(oid)?.kind;
  if (kind && (kind === 'rsa' ? parameters?.tag !== Tag.NULL : parameters !== null))
    report(
      'SignatureParametersUnusual',
      `the parameters of ${objectNames.long(oid)} are not ${kind === 'rsa' ? 'NULL' : 'absent'}, and must be`,
    );
}

function whyUnusable(parameters: RsaPssParameters | null): string | null {
  if (parameters === null) return 'they are missing, or cannot be read';
  const { mask, saltLength, trailerField } = parameters;
  const hash = hashOf(parameters);
  const size = usablePssHashes[hash ?? ''];
  if (size === undefined) return `the hash is ${hash ?? 'not known'}, not SHA-256, SHA-384 or SHA-512`;
  if (hashes[mask?.hash ?? SHA1] !== hash) return 'the mask is not made by MGF1 with the same hash';
  const salt = saltLength ? magnitudeOf(signedMagnitude(saltLength).octets) : 20n;
  if (salt !== BigInt(size)) return `the salt is not ${size} octets long, as the digest is`;
  return trailerField && magnitudeOf(signedMagnitude(trailerField).octets) !== 1n ? 'the trailer field is not 1' : null;
}

type SignatureKind = 'rsa' | 'rsa-pss' | 'ec' | 'dsa' | 'ed25519' | 'ed448';

/** The work of a signature algorithm. */
interface SignatureScheme {
  readonly kind: SignatureKind;
  /** As Node's crypto names it; null where the algorithm hashes by itself. */
  readonly hash: string | null;
  /** The salt of RSASSA-PSS, in octets. */
  readonly saltLength: number | null;
}

const schemes = new Map<string, SignatureScheme>();
const enter = (kind: SignatureKind, hash: string | null, ...identifiers: readonly string[]): void => {
  for (const oid of identifiers) schemes.set(oid, { kind, hash, saltLength: null });
};

// RFC 8017 A.2.4, RFC 3279 2.2.1, and the older ones of OIW.
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
function signatureScheme({ oid, rsaPss }: AlgorithmIdentifier): SignatureScheme | null {
  if (oid !== rsassaPss) return schemes.get(oid) ?? null;
  return rsaPss && pssScheme(rsaPss);
}

const SHA1 = '1.3.14.3.2.26';

const hashOf = ({ hash }: RsaPssParameters): string | null => hashes[hash ?? SHA1] ?? null;

/** RFC 4055 3.1: each parameter has a default. The mask is known where it is made with the same hash. */
function pssScheme(parameters: RsaPssParameters): SignatureScheme | null {
  const { mask, saltLength, trailerField } = parameters;
  const hash = hashOf(parameters);
  if (hash === null || (mask ? hashes[mask.hash ?? ''] : 'sha1') !== hash) return null;
  if (trailerField && magnitudeOf(signedMagnitude(trailerField).octets) !== 1n) return null;
  const salt = saltLength ? signedMagnitude(saltLength) : { negative: false, octets: Buffer.of(20) };
  if (salt.negative || salt.octets.length > 2) return null;
  return { kind: 'rsa-pss', hash, saltLength: salt.octets.readUIntBE(0, salt.octets.length) };
}
