import { isLoopback } from '../../config/loopback.js';
import { memberOf, told, type JsonObject } from '../json-web-token.js';
import { readKeySet, type IssuerKeySet } from './json-web-keys.js';
import type { ProviderFetch } from './provider-fetch.js';

/** Where an issuer's keys come from. */
export interface KeySource {
  /**
   * The keys as the provider has them now. `anew`: asks again where they are. Rejects with an `Error` that says what is
   * wrong.
   */
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
 * Asks an identity provider where its keys are. Rejects with an `Error` that says what is wrong: the metadata of another
 * issuer are not those of this one (section 4.3).
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
    throw new Error(`${url} is not reached: ${error instanceof Error ? error.message : String(error)}`);
  });
  if (answer.status >= 300 && answer.status < 400)
    throw new Error(`${url} redirects to ${told(answer.headers.get('location'))}, which is not followed`);
  if (answer.status !== 200) throw new Error(`${url} answers ${answer.status}`);
  const document: unknown = await answer.json().catch(() => null);
  if (typeof document !== 'object' || document === null || Array.isArray(document))
    throw new Error(`${url} answers no JSON object`);
  return document as JsonObject;
}
