import { isLoopback } from '../../config/loopback.js';
import { memberOf, told, type JsonObject } from '../json-web-token.js';
import type { ProviderFetch } from './provider-fetch.js';

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
export async function fetchJson(url: string, fetch: ProviderFetch): Promise<JsonObject> {
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
