import type { KeyObject } from 'node:crypto';
import type { CryptoKey } from 'jose';
import { JOSEError } from 'jose/errors';
import { jwtVerify, type JWTVerifyOptions } from 'jose/jwt/verify';
import type { SignatureAlgorithm } from './issuer.js';

/** A public key; `jose` holds keys for signatures in the form of WebCrypto. */
export type VerifyingKey = CryptoKey | KeyObject;

/** The one algorithm of the signature, and the claims that `jose` compares. */
export type VerificationRules = Omit<JWTVerifyOptions, 'algorithms' | 'crit'> & {
  readonly algorithm: SignatureAlgorithm;
};

/** Providers do not give one name to more keys than these. */
const mostTried = 4;

/** Whether `jose` verifies the token with one of the keys (RFC 7515 section 5.2, RFC 7519 section 7.2). */
export async function isVerifiedByOne(
  token: string,
  keys: readonly VerifyingKey[],
  { algorithm, ...rules }: VerificationRules,
): Promise<boolean> {
  for (const key of keys.slice(0, mostTried))
    try {
      await jwtVerify(token, key, { ...rules, algorithms: [algorithm] });
      return true;
    } catch (error) {
      if (!isRefusal(error)) throw error;
    }
  return false;
}

/** Errors of `jose` about the token, and those about a key that is weak or for another algorithm. */
const isRefusal = (error: unknown): boolean =>
  error instanceof JOSEError || error instanceof TypeError || error instanceof DOMException;
