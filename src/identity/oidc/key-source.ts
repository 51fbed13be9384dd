import { discoverKeySetUrl, fetchJson } from './fetch-keys.js';
import type { SignatureAlgorithm } from './issuer.js';
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
export function publishedKeys(
  { issuer, algorithms }: { readonly issuer: string; readonly algorithms: readonly SignatureAlgorithm[] },
  fetch: ProviderFetch,
): KeySource {
  let known: string | null = null;
  return {
    async load(anew, signal) {
      const call: ProviderFetch = (url) => fetch(url, { signal });
      const address = (anew ? null : known) ?? (await discoverKeySetUrl(issuer, call));
      // An address that fails may have moved.
      known = null;
      const set = readKeySet(await fetchJson(address, call), algorithms);
      if (set === null) throw new Error(`${address} answers no JWK set`);
      known = address;
      return set;
    },
  };
}
