import { createPublicKey, type KeyObject } from 'node:crypto';
import { createLocalJWKSet } from 'jose/jwks/local';
import { messageOf, rsaWeakness } from '@kubepass/x509';
import { isLoopback } from '../../config/loopback.js';
import { isObject, memberOf, told, type JsonObject } from './json-web-token.js';
import type { ProviderFetch } from './provider-fetch.js';

/** Where an issuer's keys come from. */
export interface KeySource {
  /** The provider's keys now. `anew`: asks again where they are. Rejects with an `Error` for the log. */
  load(anew: boolean, signal: AbortSignal): Promise<IssuerKeySet>;
}

/** The keys that a provider publishes: at the address that its metadata name. */
export function publishedKeys(issuer: string, fetch: ProviderFetch): KeySource {
  let known: string | null = null;
  return {
    async load(anew, signal) {
      const call: ProviderFetch = (url) => fetch(url, { signal });
      const address = (anew ? null : known) ?? (await discoverKeySetUrl(issuer, call));
      // An address that fails may have moved.
      known = null;
      const set = readKeySet(await fetchJson(address, call));
      if (set === null) throw new Error(`${address} answers no JWK set`);
      known = address;
      return set;
    },
  };
}

/** OpenID Connect Discovery 1.0 section 4: a slash at the end of the issuer is left out. */
export const discoveryUrlOf = (issuer: string): string =>
  `${issuer.replace(/\/$/, '')}/.well-known/openid-configuration`;

const longestUrl = 2_048;

/**
 * Asks an identity provider where its keys are. Rejects with an `Error` that says what is wrong: the metadata of
 * another issuer are not those of this one (section 4.3).
 */
export async function discoverKeySetUrl(issuer: string, fetch: ProviderFetch): Promise<string> {
  const url = discoveryUrlOf(issuer);
  const metadata = await fetchJson(url, fetch);
  const named = memberOf(metadata, 'issuer');
  if (named !== issuer) throw new Error(`${url} is of issuer ${told(named)}, not ${told(issuer)}`);
  const address = memberOf(metadata, 'jwks_uri');
  if (typeof address !== 'string' || address.length > longestUrl || !URL.canParse(address))
    throw new Error(`${url} names no jwks_uri`);
  const { href, protocol, hostname } = new URL(address);
  const isPlain = issuer.startsWith('http:') && protocol === 'http:' && isLoopback(hostname);
  if (protocol !== 'https:' && !isPlain) throw new Error(`${url} names a jwks_uri that is not https: ${told(address)}`);
  return href;
}

/** Fetches a JSON object. Rejects with an `Error` that says what is wrong. */
async function fetchJson(url: string, fetch: ProviderFetch): Promise<JsonObject> {
  const answer = await fetch(url).catch((error: unknown) => {
    throw new Error(`${url} is not reached: ${messageOf(error)}`);
  });
  if (answer.status >= 300 && answer.status < 400)
    throw new Error(`${url} redirects to ${told(answer.headers.get('location'))}, which is not followed`);
  if (answer.status !== 200) throw new Error(`${url} answers ${answer.status}`);
  const document: unknown = await answer.json().catch(() => null);
  if (!isObject(document)) throw new Error(`${url} answers no JSON object`);
  return document;
}

/** The public keys of an identity provider. */
export interface IssuerKeySet {
  /** How many they are. */
  readonly size: number;
  /** The one key for the `alg` and `kid` of a header. Rejects where there is none, or several. */
  readonly find: ReturnType<typeof createLocalJWKSet>;
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

/** The members of a public key (RFC 7517 section 4, RFC 7518 section 6) but `key_ops`, which is checked here. */
const members = ['kty', 'n', 'e', 'crv', 'x', 'y', 'kid', 'alg', 'use'];

/**
 * Reads a JWK set (RFC 7517). A key that is secret or weak is not used; `jose` leaves aside the keys that are meant for
 * something else. Null where it is no JWK set.
 */
export function readKeySet(document: unknown): IssuerKeySet | null {
  const listed = isObject(document) ? memberOf(document, 'keys') : undefined;
  if (!Array.isArray(listed)) return null;
  const keys: JsonObject[] = [];
  const unused: string[] = [];
  for (const jwk of listed.slice(0, mostKeys) as unknown[]) {
    const why = isObject(jwk) ? whyNotUsed(jwk) : 'it is no object';
    if (!isObject(jwk)) unused.push(`a key is not used: ${why}`);
    else if (why !== null) unused.push(`key ${told(memberOf(jwk, 'kid'))} is not used: ${why}`);
    else keys.push(publicMembersOf(jwk));
  }
  const find = createLocalJWKSet({ keys });
  return { size: keys.length, find, unused, digest: JSON.stringify(keys) };
}

const publicMembersOf = (jwk: JsonObject): JsonObject =>
  Object.fromEntries(members.flatMap((name) => (Object.hasOwn(jwk, name) ? [[name, jwk[name]]] : [])));

function whyNotUsed(jwk: JsonObject): string | null {
  if (memberOf(jwk, 'kty') === 'oct') return 'it is symmetric';
  // Everybody could sign with it.
  if (Object.hasOwn(jwk, 'd')) return 'its private part is published';
  if (!['string', 'undefined'].includes(typeof memberOf(jwk, 'kid'))) return 'its kid is no text';
  // WebCrypto would refuse a key that may make signatures, too.
  const operations = memberOf(jwk, 'key_ops');
  if (operations !== undefined && !(Array.isArray(operations) && operations.includes('verify')))
    return 'its key_ops are others than verify';
  let publicKey: KeyObject;
  try {
    publicKey = createPublicKey({ key: publicMembersOf(jwk), format: 'jwk' });
  } catch {
    return 'it cannot be read';
  }
  return publicKey.asymmetricKeyType === 'rsa' ? whyWeakRsa(publicKey) : null;
}

function whyWeakRsa(publicKey: KeyObject): string | null {
  const { modulusLength = 0, publicExponent = 0n } = publicKey.asymmetricKeyDetails ?? {};
  if (modulusLength < rsaBits.min || modulusLength > rsaBits.max)
    return `its modulus has ${modulusLength} bits, not ${rsaBits.min} to ${rsaBits.max}`;
  if (publicExponent < leastExponent || publicExponent % 2n === 0n) return 'its public exponent is weak';
  const { n = '' } = publicKey.export({ format: 'jwk' });
  return rsaWeakness(Buffer.from(n, 'base64url'));
}
