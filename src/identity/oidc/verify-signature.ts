import { constants, verify, type VerifyKeyObjectInput } from 'node:crypto';
import type { SignatureAlgorithm } from './issuer.js';
import type { IssuerKey } from './json-web-keys.js';

/** Providers do not give one name to more keys than these. */
const mostTried = 4;

/**
 * Whether one of the keys made the signature of a token (RFC 7515 section 5.2) with this algorithm, which each of the keys
 * is for. `token` has three parts.
 *
 * `jose` would do the same, and is what the tests hold this against. Its WebCrypto crosses threads for each signature, which
 * takes three times the processor time of RS256.
 */
export function isSignedByOne(token: string, keys: readonly IssuerKey[], algorithm: SignatureAlgorithm): boolean {
  const end = token.lastIndexOf('.');
  const signed = Buffer.from(token.slice(0, end), 'latin1');
  const signature = Buffer.from(token.slice(end + 1), 'base64url');
  const { hash, ...parameters } = ways[algorithm];
  return keys.slice(0, mostTried).some(({ publicKey, algorithms }) => {
    if (!algorithms.includes(algorithm)) return false;
    return verify(hash, signed, { key: publicKey, ...parameters }, signature);
  });
}

type Way = { readonly hash: string | null } & Omit<VerifyKeyObjectInput, 'key'>;

/** RFC 7518 sections 3.3 to 3.5; RFC 8037 section 3.1. The curve of an ECDSA signature is that of its key. */
const pkcs1 = { padding: constants.RSA_PKCS1_PADDING };
const pss = { padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: constants.RSA_PSS_SALTLEN_DIGEST };
const ecdsa = { dsaEncoding: 'ieee-p1363' } as const;
const ways: Readonly<Record<SignatureAlgorithm, Way>> = {
  RS256: { hash: 'sha256', ...pkcs1 },
  RS384: { hash: 'sha384', ...pkcs1 },
  RS512: { hash: 'sha512', ...pkcs1 },
  PS256: { hash: 'sha256', ...pss },
  PS384: { hash: 'sha384', ...pss },
  PS512: { hash: 'sha512', ...pss },
  ES256: { hash: 'sha256', ...ecdsa },
  ES384: { hash: 'sha384', ...ecdsa },
  ES512: { hash: 'sha512', ...ecdsa },
  EdDSA: { hash: null },
};
