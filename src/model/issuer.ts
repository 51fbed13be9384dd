import type { ProbeAnswer } from './cluster.js';

/**
 * The states of an issuer. `uncertified`: it has a key and no certificate yet. `next`: it signs probes alone.
 * `active`: it signs; exactly one of a cluster is. `retiring`: it signs certificate lists alone, and stays in the
 * bundle of the cluster. `retired`: it is out of the bundle, and its key may go.
 */
export const issuerStates = ['uncertified', 'next', 'active', 'retiring', 'retired'] as const;
export type IssuerState = (typeof issuerStates)[number];

/** The name of the one issuer of a cluster whose configuration names none. */
export const defaultIssuer = 'default';

/** The places where the key of a CA may lie. */
export const keyKinds = ['file', 'encrypted-file', 'agent'] as const;
export type KeyKind = (typeof keyKinds)[number];

/**
 * Why a key gave no signature that counts. `unreachable`: nobody answers at the socket. `silent`: no answer came in
 * time. `refused`: the agent does not sign. `missing`: the agent does not have the key. `garbled`: the answer cannot be
 * read. `wrong-signature`: the signature is not one by this key over these octets. `overlong`: an agent takes no
 * message of this length.
 */
export const keyFailures = [
  'unreachable',
  'silent',
  'refused',
  'missing',
  'garbled',
  'wrong-signature',
  'overlong',
] as const;
export type KeyFailure = (typeof keyFailures)[number];

/** A CA of a cluster as the database knows it. */
export interface RecordedIssuer {
  readonly cluster: string;
  /** A DNS label, unique in the cluster. */
  readonly name: string;
  readonly state: IssuerState;
  /** When it came into this state. */
  readonly since: Date;
  /** SHA-256 of its SubjectPublicKeyInfo, lower-case hex: another key under its name does not start. */
  readonly spkiSha256: string;
  /** SHA-256 of each certificate that it had, lower-case hex, the present one last; none while it is `uncertified`. */
  readonly fingerprints: readonly string[];
  /** Null where it was never probed. */
  readonly probe: IssuerProbe | null;
}

/** Whether the API servers accept what an issuer signs, by a certificate that was shown to each of them. */
export interface IssuerProbe {
  readonly at: Date;
  /** In the order of the configuration. */
  readonly addresses: readonly ProbedAddress[];
}

export interface ProbedAddress {
  /** An https URL. */
  readonly address: string;
  readonly accepts: ProbeAnswer;
  /** The username that the holder of the certificate has there; null where there is none. */
  readonly acceptedAs: string | null;
  /** Why it is not `yes`, TitleCase and stable; null where it is. */
  readonly reason: string | null;
}

/** The certificates of an issuer that still work. */
export interface ServedCertificates {
  readonly live: number;
  /** The end of the certificate that ends last; null where no certificate works. */
  readonly latestNotAfter: Date | null;
}

/** The figures of an issuer that metrics show. */
export interface IssuerFigures extends Pick<RecordedIssuer, 'cluster' | 'name' | 'state' | 'probe'> {
  readonly live: number;
  /** Null where the configuration does not have its certificate. */
  readonly notAfter: Date | null;
  /** Null where the configuration does not have it any more. */
  readonly keyAvailable: boolean | null;
}
