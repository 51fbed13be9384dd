import { createPublicKey, type KeyObject } from 'node:crypto';
import { rsaWeakness } from '../../x509/hygiene/rsa-weakness.js';
import { memberOf, told, type JsonObject } from '../json-web-token.js';
import type { SignatureAlgorithm } from './issuer.js';

/** A public key of an identity provider. */
export interface IssuerKey {
  /** Null: the provider gives it no name. */
  readonly keyId: string | null;
  /** The algorithms whose signatures it verifies. */
  readonly algorithms: readonly SignatureAlgorithm[];
  readonly publicKey: KeyObject;
}

export interface IssuerKeySet {
  readonly keys: readonly IssuerKey[];
  /** For the log: why each of the other keys is not used. */
  readonly unused: readonly string[];
  /** The same text for the same keys. */
  readonly digest: string;
}

/** More keys than these are not looked at. */
const mostKeys = 100;
const rsaBits = { min: 2_048, max: 8_192 };
/** FIPS 186-5 section A.1.1. */
const leastExponent = 65_537n;

const algorithmsOf: Readonly<Record<string, readonly SignatureAlgorithm[]>> = {
  rsa: ['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512'],
  prime256v1: ['ES256'],
  secp384r1: ['ES384'],
  secp521r1: ['ES512'],
  ed25519: ['EdDSA'],
};

/**
 * Reads a JWK set (RFC 7517): the keys that may verify signatures with one of these algorithms. A key that is secret, weak or
 * meant for something else is not used. Null where it is no JWK set.
 */
export function readKeySet(document: unknown, accepted: readonly SignatureAlgorithm[]): IssuerKeySet | null {
  const listed = isObject(document) ? memberOf(document, 'keys') : undefined;
  if (!Array.isArray(listed)) return null;
  const keys: IssuerKey[] = [];
  const unused: string[] = [];
  for (const jwk of listed.slice(0, mostKeys) as unknown[]) {
    const key = isObject(jwk) ? readKey(jwk, accepted) : 'it is no object';
    if (typeof key !== 'string') keys.push(key);
    else
      unused.push(
        isObject(jwk) ? `key ${told(memberOf(jwk, 'kid'))} is not used: ${key}` : `a key is not used: ${key}`,
      );
  }
  const digest = JSON.stringify(
    keys.map(({ keyId, algorithms, publicKey }) => [keyId, algorithms, publicKey.export({ format: 'jwk' })]),
  );
  return { keys, unused, digest };
}

/** The key, or why it is not used. */
function readKey(jwk: JsonObject, accepted: readonly SignatureAlgorithm[]): IssuerKey | string {
  const [type, use, operations] = [memberOf(jwk, 'kty'), memberOf(jwk, 'use'), memberOf(jwk, 'key_ops')];
  if (type === 'oct') return 'it is symmetric';
  // RFC 7517 sections 4.2 and 4.3.
  if (use !== undefined && use !== 'sig') return `its use is ${told(use)}`;
  if (operations !== undefined && !(Array.isArray(operations) && operations.includes('verify')))
    return 'its key_ops are others than verify';
  // Everybody could sign with it.
  if (Object.hasOwn(jwk, 'd')) return 'its private part is published';
  const keyId = memberOf(jwk, 'kid') ?? null;
  if (keyId !== null && typeof keyId !== 'string') return 'its kid is no text';

  const publicKey = importKey(jwk);
  if (publicKey === null) return 'it cannot be read';
  const whyWeak = publicKey.asymmetricKeyType === 'rsa' ? whyWeakRsa(publicKey) : null;
  if (whyWeak !== null) return whyWeak;
  const named = memberOf(jwk, 'alg');
  const { asymmetricKeyType = '', asymmetricKeyDetails } = publicKey;
  const possible = algorithmsOf[asymmetricKeyDetails?.namedCurve ?? asymmetricKeyType] ?? [];
  const algorithms = possible.filter((one) => accepted.includes(one) && (named === undefined || named === one));
  return algorithms.length === 0
    ? `it verifies none of the accepted algorithms${named === undefined ? '' : `, its alg is ${told(named)}`}`
    : { keyId, algorithms, publicKey };
}

/** Only the members that make the public key: everything else in it is beside the point. */
function importKey(jwk: JsonObject): KeyObject | null {
  const members = ['kty', 'n', 'e', 'crv', 'x', 'y'].flatMap((name) => {
    const value = memberOf(jwk, name);
    return typeof value === 'string' ? [[name, value] as const] : [];
  });
  try {
    return createPublicKey({ key: Object.fromEntries(members), format: 'jwk' });
  } catch {
    return null;
  }
}

function whyWeakRsa(publicKey: KeyObject): string | null {
  const { modulusLength = 0, publicExponent = 0n } = publicKey.asymmetricKeyDetails ?? {};
  if (modulusLength < rsaBits.min || modulusLength > rsaBits.max)
    return `its modulus has ${modulusLength} bits, not ${rsaBits.min} to ${rsaBits.max}`;
  if (publicExponent < leastExponent || publicExponent % 2n === 0n) return 'its public exponent is weak';
  const { n = '' } = publicKey.export({ format: 'jwk' });
  return rsaWeakness(Buffer.from(n, 'base64url'));
}

const isObject = (value: unknown): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
