import { compactVerify } from 'jose';
import type { SignatureAlgorithm } from './issuer.js';
import type { IssuerKey } from './json-web-keys.js';

/** Providers do not give one name to more keys than these. */
const mostTried = 4;

/** Whether one of the keys made the signature of a token (RFC 7515 section 5.2) with this algorithm. */
export async function isSignedByOne(
  token: string,
  keys: readonly IssuerKey[],
  algorithm: SignatureAlgorithm,
): Promise<boolean> {
  for (const { publicKey } of keys.slice(0, mostTried))
    try {
      await compactVerify(token, publicKey, { algorithms: [algorithm] });
      return true;
    } catch {
      // The next one may fit. Whatever else may be wrong with it, such a token is not accepted.
    }
  return false;
}
