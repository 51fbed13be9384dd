import type { KeyObject } from 'node:crypto';
import { requestOctets, type Target } from '../load/http-connection.js';
import type { Load } from '../load/load.js';
import type { Storage } from './storage.js';

/** A running signer of CSRs in this comparison: one process, or the service with its database. */
export interface Contender {
  readonly target: Target;
  readonly pid: number;
  /** The database server; null if there is none. */
  readonly database: ContenderDatabase | null;
  /** The time from the start of the process until it could sign. */
  readonly readyMilliseconds: number;
  /** Null if it keeps nothing. */
  readonly storage: Storage | null;
  /** The status of an answer with a certificate. */
  readonly expectedStatus: number;
  /**
   * The HTTP request for a certificate for this CSR (PEM). It can be sent once only, because step-ca accepts it once.
   */
  requestFor(csr: string): SignRequest;
  /** The certificate, PEM, in the body of an answer. */
  certificateIn(body: string): string;
  /** Holds the process while others have their turn. */
  hold(): void;
  release(): void;
  stop(): Promise<void>;
}

/** A server that is held while this contender is, so that it works for nobody else during its turn. */
export interface ContenderDatabase {
  /** Its first process. */
  readonly pid: number;
  /** How many connections the contender has made so far. It may be asked while the contender is held. */
  connectionsMade(): Promise<number>;
}

/** A POST. */
export interface SignRequest {
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** The job of each contender, and the CA key that signs. */
export interface SigningJob {
  /** PEM files of the CA that signs. */
  readonly certFile: string;
  readonly keyFile: string;
  readonly csrs: readonly Csr[];
  readonly connections: number;
}

/** CSRs for username `bench` and group `team-a`, with a P-256 key. */
export interface Csr {
  readonly pem: string;
  readonly publicKey: KeyObject;
}

export const csrUsername = 'bench';

/** Prepares so many requests to a contender. */
export function loadOf(contender: Contender, { csrs, connections }: SigningJob, requests: number): Load {
  const { target, expectedStatus } = contender;
  return {
    target,
    connections,
    expectedStatus,
    requests: Array.from({ length: requests }, (_, i) => {
      const { path, headers, body } = contender.requestFor(csrs[i % csrs.length]!.pem);
      return requestOctets(target, 'POST', path, headers, body);
    }),
  };
}
