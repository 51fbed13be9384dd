import { type KeyObject, X509Certificate, hash } from 'node:crypto';
import {
  type Authentication,
  type PresentedProof,
  type Principal,
  type RefusedAuthentication,
  type Role,
  type WayIn,
  authenticated,
  refusedFor,
} from '../../model/principal.js';
import { quote } from '@kubepass/inspect/formats';
import { TooManyWaitingError, Turns } from '@kubepass/x509';
import { type JsonObject, isVerifiedByOne, memberOf, readJsonWebToken } from '../oidc/json-web-token.js';
import { isLoopback } from '../../config/loopback.js';

/** How far the clocks of the two sides may differ, in seconds. */
const proofSkewSeconds = 60;
/** How many proofs are verified at once, and wait. Proofs by one certificate take at most half the waiting places. */
const looks = { atTheSameTime: 8, waiting: 1_000 };
/** For so long a proof is remembered: longer than it counts, for clocks that are set back. */
export const keptProofSeconds = 3_600;

/** A certificate, and what is on record about those to whom it belongs. */
interface ProvenCertificate {
  readonly der: Uint8Array;
  readonly username: string;
  readonly notAfter: Date;
  /** With the roles of today. */
  readonly requester: { readonly name: string; readonly groups: readonly string[]; readonly roles: readonly Role[] };
  readonly collector: string;
  /** Names of the principals behind the credentials of requester and collector, as far as they are on record. */
  readonly makers: readonly string[];
  /** Whether it was requested before one of its names was given to somebody else. */
  readonly isPredecessors: boolean;
}

interface KeyProofsOptions {
  /** Null where there is no such certificate, or its collector is not who holds its key. */
  readonly find: (fingerprintSha256: string) => Promise<ProvenCertificate | null>;
  /** Remembers a proof; false where it is known already, whichever process or replica was told of it. */
  readonly use: (idSha256: string, at: Date) => Promise<boolean>;
  /** When the database was last put back from a backup; null: never. */
  readonly restoredAt: () => Promise<Date | null>;
  /** The roles that are given to a name without groups. */
  readonly rolesOf: (name: string) => readonly Role[];
  readonly clock: () => Date;
}

/**
 * Callers who prove that they hold the key of a certificate, in order to renew it (after RFC 9449). A proof speaks for
 * the collector of the certificate; with the groups on record, and the roles of today, if they asked for it themselves.
 * It counts for no certificate whose key somebody else brought in a CSR, nor for one of whoever had a name before its
 * bearer. It is looked at in two parts: `authenticate` before the body is read, `use` when the body is known.
 */
export class KeyProofs implements WayIn<PresentedProof> {
  readonly #turns = new Turns(looks);

  constructor(private readonly options: KeyProofsOptions) {}

  async authenticate(presented: PresentedProof): Promise<Authentication> {
    const proof = readKeyProof(presented.text);
    if ('outcome' in proof) return proof;
    const wrong = this.#whyElsewhere(proof, presented);
    if (wrong !== null) return wrong;
    try {
      return await this.#turns.take(() => this.#look(proof), proof.fingerprintSha256);
    } catch (error) {
      if (!(error instanceof TooManyWaitingError)) throw error;
      return { outcome: 'unavailable', message: `proofs of possession: ${error.message}`, retryAfterSeconds: 1 };
    }
  }

  /** Looks at a proof that is for this call. */
  async #look(proof: KeyProof): Promise<Authentication> {
    const certificate = await this.options.find(proof.fingerprintSha256);
    if (certificate === null)
      return refusedFor(
        'ProofKeyUnknown',
        'no certificate has this fingerprint, or its collector does not hold its key',
      );
    const { publicKey } = new X509Certificate(certificate.der);
    if (algorithmOf(publicKey) !== proof.algorithm)
      return refusedFor('ProofAlgorithm', `alg ${quote(proof.algorithm)} is not that of the certificate's key`);
    const { text, algorithm } = proof;
    if (!(await isVerifiedByOne(text, [publicKey], { algorithm })))
      return refusedFor('ProofSignature', 'the key of the certificate has not made this signature');
    if (certificate.isPredecessors)
      return refusedFor('ProofOfPredecessor', 'the certificate was requested before a name of it was somebody else’s');
    return (await this.#whyNotKnown(proof)) ?? authenticated(this.#principalOf(proof, certificate));
  }

  /**
   * Takes the proof of this caller for a call with this DER certification request (null: the call has none). Answers
   * why it does not count; null where it does.
   */
  async use({ proof }: Principal, csr: Uint8Array | null): Promise<Authentication | null> {
    if (proof === undefined) return null;
    if (csr === null) return refusedFor('ProofWithoutCsr', 'the body has no csr, and a proof is for one csr');
    if (hash('sha256', csr, 'hex') !== proof.csrSha256)
      return refusedFor('ProofForAnotherCsr', 'the csr of the body is not the one that the proof is for');
    if (await this.options.use(proof.idSha256, this.options.clock())) return null;
    return refusedFor('ProofReplayed', 'the proof was used before');
  }

  /** Why the proof is for another call than this one; null where it is for this one. */
  #whyElsewhere(proof: KeyProof, { method, fingerprintSha256, path, address }: PresentedProof): Authentication | null {
    const wanted = `/v1/certificates/${fingerprintSha256}/renew`;
    if (proof.fingerprintSha256 !== fingerprintSha256)
      return refusedFor('ProofForAnotherCertificate', 'x5t#S256 is not the certificate of the path');
    // One resource, one way to write it: nothing encoded, no query.
    if (path !== wanted) return refusedFor('ProofForElsewhere', `the path must be written as ${wanted}`);
    if (proof.method !== method) return refusedFor('ProofForElsewhere', `htm ${quote(proof.method)} is not ${method}`);
    const addresses = proofAddresses(address).map((base) => `${base}${wanted}`);
    if (!addresses.includes(proof.address))
      return refusedFor('ProofForElsewhere', `htu ${quote(proof.address)} is not ${addresses[0] ?? ''}`);
    const age = this.options.clock().getTime() / 1000 - proof.issuedAt;
    if (age > proofSkewSeconds) return refusedFor('ProofTooOld', `iat is ${Math.floor(age)} s ago`);
    if (age < -proofSkewSeconds) return refusedFor('ProofFromTheFuture', `iat is ${Math.floor(-age)} s ahead`);
    return null;
  }

  /**
   * Where the database was put back, the proofs that were used before are not on record. A proof that could be one of
   * them, by a clock that is ahead, is not decided on. The caller may be right, and goes on with the certificate until
   * it is newer.
   */
  async #whyNotKnown({ issuedAt }: KeyProof): Promise<Authentication | null> {
    const restoredAt = await this.options.restoredAt();
    if (restoredAt === null) return null;
    const seconds = Math.ceil(restoredAt.getTime() / 1000) + proofSkewSeconds - issuedAt;
    if (seconds < 0) return null;
    const message = 'the proof may have been used before the database was put back from a backup';
    return { outcome: 'unavailable', message, retryAfterSeconds: Math.min(seconds + 1, 2 * proofSkewSeconds) };
  }

  #principalOf(proof: KeyProof, certificate: ProvenCertificate): Principal {
    const { username, requester, collector, makers, notAfter } = certificate;
    const { fingerprintSha256, csrSha256, id } = proof;
    // eslint-disable-next-line no-restricted-syntax -- both are of one record
    const themselves = requester.name === collector;
    return {
      name: collector,
      groups: themselves ? requester.groups : [],
      // The roles of whoever asked for somebody else are not those of that person.
      roles: themselves ? requester.roles : this.options.rolesOf(collector),
      method: 'key-proof',
      createdBy: makers,
      credentialId: fingerprintSha256,
      expiresAt: notAfter,
      cluster: null,
      // Each certificate has its own space of ids.
      proof: { csrSha256, idSha256: hash('sha256', `${fingerprintSha256} ${id}`, 'hex'), username },
    };
  }
}

/** By the kind of a key, or by its curve. */
const algorithms: Readonly<Record<string, ProofAlgorithm>> = {
  rsa: 'RS256',
  ed25519: 'EdDSA',
  prime256v1: 'ES256',
  secp384r1: 'ES384',
  secp521r1: 'ES512',
};

/** The one algorithm for a key; null for a key that no certificate of ours has. */
const algorithmOf = ({ asymmetricKeyType, asymmetricKeyDetails }: KeyObject): ProofAlgorithm | null =>
  algorithms[asymmetricKeyDetails?.namedCurve ?? asymmetricKeyType ?? ''] ?? null;

/** The names of this machine for itself: a client may use each of them for a service that listens on loopback. */
const ownNames = ['127.0.0.1', 'localhost', '[::1]'];

/**
 * The addresses that `htu` of a proof may begin with (RFC 9449 section 4.3): that of the configuration, else the one on
 * which the connection arrived. `Host` has no say: whoever forwards a proof chooses it.
 */
function proofAddresses(base: string): readonly string[] {
  const url = new URL(base);
  const path = url.pathname.replace(/\/+$/, '');
  if (!isLoopback(url.hostname)) return [`${url.origin}${path}`];
  const port = url.port === '' ? '' : `:${url.port}`;
  return [...new Set([url.host, ...ownNames.map((name) => `${name}${port}`)])].map(
    (host) => `${url.protocol}//${host}${path}`,
  );
}

/** The algorithms of proofs (RFC 7518 section 3.1, RFC 8037 section 3.1): one for each kind of key. */
const proofAlgorithms = ['ES256', 'ES384', 'ES512', 'EdDSA', 'RS256'] as const;
export type ProofAlgorithm = (typeof proofAlgorithms)[number];

/** A proof of possession as it is written (after RFC 9449 section 4.2). Its signature is not verified yet. */
interface KeyProof {
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

const headerMembers = ['typ', 'alg', 'x5t#S256'];
const claimNames = ['htm', 'htu', 'iat', 'jti', 'csr'];

/**
 * Reads a proof strictly. It has the members that it needs and no others: `jwk`, `crit`, `kid`, `exp` and whatever else
 * somebody adds would be read by one verifier and not by the next.
 */
export function readKeyProof(text: string): KeyProof | RefusedAuthentication {
  const token = readJsonWebToken(text);
  if ('outcome' in token) return token;
  const { header, claims } = token;
  if (!hasExactly(header, headerMembers))
    return refusedFor('ProofUnreadable', `the header must have ${headerMembers.join(', ')} alone`);
  if (!hasExactly(claims, claimNames))
    return refusedFor('ProofUnreadable', `the claims must be ${claimNames.join(', ')} alone`);
  if (memberOf(header, 'typ') !== 'kubepass-proof+jwt')
    return refusedFor('ProofType', 'typ must be "kubepass-proof+jwt"');
  const algorithm = proofAlgorithms.find((one) => one === memberOf(header, 'alg'));
  if (algorithm === undefined) return refusedFor('ProofAlgorithm', `alg must be one of ${proofAlgorithms.join(', ')}`);
  const fingerprintSha256 = sha256Of(memberOf(header, 'x5t#S256'));
  if (fingerprintSha256 === null) return refusedFor('ProofUnreadable', 'x5t#S256 must be a SHA-256 as base64url');
  const csrSha256 = sha256Of(memberOf(claims, 'csr'));
  if (csrSha256 === null) return refusedFor('ProofUnreadable', 'csr must be a SHA-256 as base64url');
  const [method, address, issuedAt, id] = ['htm', 'htu', 'iat', 'jti'].map((name) => memberOf(claims, name));
  if (typeof method !== 'string' || typeof address !== 'string')
    return refusedFor('ProofUnreadable', 'htm and htu must be texts');
  if (typeof issuedAt !== 'number' || !Number.isSafeInteger(issuedAt))
    return refusedFor('ProofUnreadable', 'iat must be whole seconds');
  if (typeof id !== 'string' || !/^[!-~]{16,128}$/.test(id))
    return refusedFor('ProofUnreadable', 'jti must have 16 to 128 characters of printable ASCII');
  return { text, algorithm, fingerprintSha256, method, address, issuedAt, id, csrSha256 };
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
