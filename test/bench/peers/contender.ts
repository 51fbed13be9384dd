import type { Load } from '../load/load.js';

/** What signs CSRs in this comparison, running: one process, or the service with what it keeps its records in. */
export interface Contender {
  /** `requests` of them, made beforehand. */
  load(requests: number): Load;
  /** Holds it while others have their turn. */
  hold(): void;
  release(): void;
  stop(): Promise<void>;
}

/** What every contender is asked for, and by whose key it is signed. */
export interface SigningJob {
  /** PEM files of the CA that signs. */
  readonly certFile: string;
  readonly keyFile: string;
  /** PEM; P-256, for username `bench`. */
  readonly csrs: readonly string[];
  readonly connections: number;
}

export const csrUsername = 'bench';
