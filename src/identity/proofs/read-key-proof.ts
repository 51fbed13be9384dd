import { refusedFor, type Authentication } from '../../model/principal.js';
import { memberOf, readJsonWebToken, type JsonObject } from '../json-web-token.js';

/** The algorithms of proofs (RFC 7518 section 3.1, RFC 8037 section 3.1): one for each kind of key. */
export const proofAlgorithms = ['ES256', 'ES384', 'ES512', 'EdDSA', 'RS256'] as const;
export type ProofAlgorithm = (typeof proofAlgorithms)[number];

/** A proof of possession as it is written (after RFC 9449 section 4.2). Its signature is not verified yet. */
export interface KeyProof {
  readonly text: string;
  readonly algorithm: ProofAlgorithm;
  /** SHA-256 of the DER certificate whose key signs, lower-case hex. */
  readonly fingerprintSha256: string;
  readonly method: string;
  readonly address: string;
  /** Seconds since 1970. */
  readonly issuedAt: number;
  readonly id: string;
  /** SHA-256 of the DER certification request, lower-case hex. */
  readonly csrSha256: string;
}

export type ReadKeyProof =
  { readonly ok: true; readonly proof: KeyProof } | { readonly ok: false; readonly refusal: Authentication };

const headerMembers = ['typ', 'alg', 'x5t#S256'];
const claimNames = ['htm', 'htu', 'iat', 'jti', 'csr'];

/**
 * Reads a proof strictly. It has the members that it needs and no others: `jwk`, `crit`, `kid`, `exp` and whatever else
 * somebody adds would be read by one verifier and not by the next.
 */
export function readKeyProof(text: string): ReadKeyProof {
  const read = readJsonWebToken(text);
  if (!read.ok) return read;
  const { header, claims } = read.token;
  if (!hasExactly(header, headerMembers))
    return refused('ProofUnreadable', `the header must have ${headerMembers.join(', ')} alone`);
  if (!hasExactly(claims, claimNames))
    return refused('ProofUnreadable', `the claims must be ${claimNames.join(', ')} alone`);
  if (memberOf(header, 'typ') !== 'kubepass-proof+jwt') return refused('ProofType', 'typ must be "kubepass-proof+jwt"');
  const algorithm = proofAlgorithms.find((one) => one === memberOf(header, 'alg'));
  if (algorithm === undefined) return refused('ProofAlgorithm', `alg must be one of ${proofAlgorithms.join(', ')}`);
  const fingerprintSha256 = sha256Of(memberOf(header, 'x5t#S256'));
  if (fingerprintSha256 === null) return refused('ProofUnreadable', 'x5t#S256 must be a SHA-256 as base64url');
  const csrSha256 = sha256Of(memberOf(claims, 'csr'));
  if (csrSha256 === null) return refused('ProofUnreadable', 'csr must be a SHA-256 as base64url');
  const [method, address, issuedAt, id] = ['htm', 'htu', 'iat', 'jti'].map((name) => memberOf(claims, name));
  if (typeof method !== 'string' || typeof address !== 'string')
    return refused('ProofUnreadable', 'htm and htu must be texts');
  if (typeof issuedAt !== 'number' || !Number.isSafeInteger(issuedAt))
    return refused('ProofUnreadable', 'iat must be whole seconds');
  if (typeof id !== 'string' || !/^[!-~]{16,128}$/.test(id))
    return refused('ProofUnreadable', 'jti must have 16 to 128 characters of printable ASCII');
  return { ok: true, proof: { text, algorithm, fingerprintSha256, method, address, issuedAt, id, csrSha256 } };
}

const hasExactly = (object: JsonObject, names: readonly string[]): boolean => {
  const found = Object.keys(object);
  return found.length === names.length && names.every((name) => found.includes(name));
};

/** Lower-case hex; null where the value is not the one form of 32 octets in base64url (RFC 4648 section 3.5). */
function sha256Of(value: unknown): string | null {
  if (typeof value !== 'string') return null;
  const octets = Buffer.from(value, 'base64url');
  return octets.length === 32 && octets.toString('base64url') === value ? octets.toString('hex') : null;
}

const refused = (reason: string, message: string): Extract<ReadKeyProof, { readonly ok: false }> => ({
  ok: false,
  refusal: refusedFor(reason, message),
});
