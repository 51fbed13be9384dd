import type { KeyObject } from 'node:crypto';
import { requestOctets, type Target } from '../load/http-connection.js';
import type { Load } from '../load/load.js';

/** What signs CSRs in this comparison, running: one process, or the service with what it keeps its records in. */
export interface Contender {
  readonly target: Target;
  /** Of an answer that has a certificate in it. */
  readonly expectedStatus: number;
  /** What asks for a certificate for this CSR (PEM). It is sent once: with step-ca it is good for no more. */
  requestFor(csr: string): SignRequest;
  /** The certificate, PEM, in the body of an answer. */
  certificateIn(body: string): string;
  /** Holds it while others have their turn. */
  hold(): void;
  release(): void;
  stop(): Promise<void>;
}

/** A POST. */
export interface SignRequest {
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** What every contender is asked for, and by whose key it is signed. */
export interface SigningJob {
  /** PEM files of the CA that signs. */
  readonly certFile: string;
  readonly keyFile: string;
  readonly csrs: readonly Csr[];
  readonly connections: number;
}

/** For username `bench` and group `team-a`, with a P-256 key. */
export interface Csr {
  readonly pem: string;
  readonly publicKey: KeyObject;
}

export const csrUsername = 'bench';

/** So many requests to a contender, made beforehand. */
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
