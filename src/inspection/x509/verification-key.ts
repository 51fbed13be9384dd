import { createPublicKey, type KeyObject } from 'node:crypto';

import { inside, onlyElement, Tag } from '../../x509/strict/der.js';
import { namedCurve, publicKeyAlgorithm } from '../../x509/strict/object-identifiers.js';
import { namedCurves } from '../../x509/openssl-text/named-curves.js';
import { rsassaPss } from '../../x509/openssl-text/rsa-pss.js';
import { readAlgorithm } from './describe-algorithm.js';
import { isEven, readRsaPublicKey } from './rsa-public-key.js';
import { bitString, dottedIdentifier } from './values.js';

/** A key that signatures can be verified with. */
export interface VerificationKey {
  /** An `rsa-pss` key is one that may make no other signatures. */
  readonly kind: 'rsa' | 'rsa-pss' | 'ec' | 'ed25519' | 'ed448';
  readonly key: KeyObject;
}

const MAX_CACHED = 64;
const cache = new Map<string, VerificationKey | null>();

/**
 * Imports a SubjectPublicKeyInfo; null where the key is of an algorithm or size that is not verified with. The keys
 * of CAs come again and again, so the last few stay imported.
 */
export function verificationKey(spki: Buffer): VerificationKey | null {
  const id = spki.toString('latin1');
  const cached = cache.get(id);
  if (cached !== undefined) {
    cache.delete(id);
    cache.set(id, cached);
    return cached;
  }
  const key = importKey(spki);
  const oldest = cache.size >= MAX_CACHED ? cache.keys().next().value : undefined;
  if (oldest !== undefined) cache.delete(oldest);
  if (id.length <= LONGEST_CACHED) cache.set(id, key);
  return key;
}

/** Above the size of an RSA key that is verified with. */
const LONGEST_CACHED = 1200;

function importKey(spki: Buffer): VerificationKey | null {
  try {
    return tryImportKey(spki);
  } catch {
    // Not DER, or no key to OpenSSL: it says so in dozens of ways.
    return null;
  }
}

const ed448 = '1.3.101.113';

function tryImportKey(spki: Buffer): VerificationKey | null {
  const fields = inside(onlyElement(spki, 'the public key'));
  const { oid, parameters } = readAlgorithm(fields, 'the algorithm of the public key');
  const { octets } = bitString(fields.expect(Tag.BIT_STRING, 'the public key'));
  switch (oid) {
    case publicKeyAlgorithm.rsaEncryption:
      return importRsaKey('rsa', octets);
    case rsassaPss:
      return importRsaKey('rsa-pss', octets);
    case publicKeyAlgorithm.ecPublicKey:
      // What spells its curve out is never handed on: arithmetic on it is not bounded.
      return parameters?.tag === Tag.OBJECT_IDENTIFIER
        ? importEllipticCurveKey(dottedIdentifier(parameters), octets, spki)
        : null;
    case publicKeyAlgorithm.ed25519:
      return importOctetKey('ed25519', 'Ed25519', octets);
    case ed448:
      return importOctetKey('ed448', 'Ed448', octets);
    default:
      return null;
  }
}

/** What a verification may cost: moduli of up to 8192 bits, exponents of up to 32. */
const MAX_MODULUS_BITS = 8192;
const MAX_EXPONENT_OCTETS = 4;

function importRsaKey(kind: 'rsa' | 'rsa-pss', der: Buffer): VerificationKey | null {
  const { bits, modulus, exponent } = readRsaPublicKey(der);
  if (bits > MAX_MODULUS_BITS || exponent.length > MAX_EXPONENT_OCTETS || isEven(exponent) || isEven(modulus))
    return null;
  // Under the exponent 1 everything is its own signature.
  if (exponent.length === 1 && exponent[0] === 1) return null;
  const jwk = { kty: 'RSA', n: modulus.toString('base64url'), e: exponent.toString('base64url') };
  return { kind, key: createPublicKey({ key: jwk, format: 'jwk' }) };
}

function importEllipticCurveKey(curve: string, point: Buffer, spki: Buffer): VerificationKey | null {
  if (!namedCurves.has(curve)) return null;
  // This form takes two thirds of the time.
  if (curve === namedCurve['P-256'] && point.length === 65 && point[0] === 4) {
    const x = point.subarray(1, 33).toString('base64url');
    const y = point.subarray(33).toString('base64url');
    return { kind: 'ec', key: createPublicKey({ key: { kty: 'EC', crv: 'P-256', x, y }, format: 'jwk' }) };
  }
  return { kind: 'ec', key: createPublicKey({ key: spki, format: 'der', type: 'spki' }) };
}

function importOctetKey(kind: 'ed25519' | 'ed448', crv: string, octets: Buffer): VerificationKey | null {
  const jwk = { kty: 'OKP', crv, x: octets.toString('base64url') };
  return { kind, key: createPublicKey({ key: jwk, format: 'jwk' }) };
}
