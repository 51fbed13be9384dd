import { constants, createPublicKey, type KeyObject, verify } from 'node:crypto';

import { namedCurves } from '@kubepass/x509/openssl-text';
import { publicKeyAlgorithm, Tag } from '@kubepass/x509';
import { importSpki } from '@kubepass/x509/public-keys';
import {
  dottedIdentifier,
  isEven,
  type PublicKeyTree,
  rsaMagnitudes,
  type RsaPublicKey,
  rsassaPss,
} from '@kubepass/x509/tree';
import type { Signed } from '../model/decoded.js';
import { type SignatureScheme, signatureScheme } from './signature-algorithms.js';

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

const unsupportedHashes = new Set<string | null>(['md2', 'md4', 'md5']);

const isSupported = ({ kind, hash }: SignatureScheme): boolean => kind !== 'dsa' && !unsupportedHashes.has(hash);

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
  readonly kind: 'rsa' | 'rsa-pss' | 'ec' | 'ed25519' | 'ed448';
  readonly key: KeyObject;
}

const MAX_CACHED = 64;
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
  if (id.length <= LONGEST_CACHED) remember(id, key);
  return key;
}

function remember(id: string, key: VerificationKey | null): void {
  cache.delete(id);
  const [oldest] = cache.size >= MAX_CACHED ? cache.keys() : [];
  if (oldest !== undefined) cache.delete(oldest);
  cache.set(id, key);
}

/** In octets; more than the largest RSA key that is supported has. */
const LONGEST_CACHED = 1200;

function importKey(publicKey: PublicKeyTree): VerificationKey | null {
  try {
    return tryImportKey(publicKey);
  } catch {
    // No key to OpenSSL, which says so in dozens of ways.
    return null;
  }
}

const ed448 = '1.3.101.113';

function tryImportKey({ raw, algorithm, octets, rsa }: PublicKeyTree): VerificationKey | null {
  const { oid, parameters } = algorithm;
  switch (oid) {
    case publicKeyAlgorithm.rsaEncryption:
      return importRsaKey('rsa', rsa?.asWritten ?? null);
    case rsassaPss:
      return importRsaKey('rsa-pss', rsa?.asWritten ?? null);
    case publicKeyAlgorithm.ecPublicKey:
      // A key that spells its curve out is never imported: arithmetic on that curve is not bounded.
      return parameters?.tag === Tag.OBJECT_IDENTIFIER
        ? importEllipticCurveKey(dottedIdentifier(parameters), raw)
        : null;
    case publicKeyAlgorithm.ed25519:
      return importOctetKey('ed25519', 'Ed25519', octets);
    case ed448:
      return importOctetKey('ed448', 'Ed448', octets);
    default:
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

const importEllipticCurveKey = (curve: string, spki: Buffer): VerificationKey | null =>
  namedCurves.has(curve) ? { kind: 'ec', key: importSpki(spki) } : null;

function importOctetKey(kind: 'ed25519' | 'ed448', crv: string, octets: Buffer): VerificationKey | null {
  const jwk = { kty: 'OKP', crv, x: octets.toString('base64url') };
  return { kind, key: createPublicKey({ key: jwk, format: 'jwk' }) };
}
