import type { KeyObject } from 'node:crypto';

/** The kinds of jobs for the crypto thread; all of them with ECDSA and SHA-256. */
export const JobKind = { sign: 1, verify: 2, verifyProof: 3 } as const;

/** A job is four fields of a message: its kind, its key, the data, and the signature that is verified. */
export const fieldsOfJob = 4;

/** A job's key is the number of a key that the thread was given, or for a proof the key itself as DER. */
export interface GivenKey {
  readonly id: number;
  readonly key: KeyObject;
}

/** A message to the thread: a key, or jobs. The answer to jobs has one field for each of them. */
export type CryptoMessage = GivenKey | ArrayBuffer;

/** The answers to a job that verifies. */
export const SignatureAnswer = { bad: 0, good: 1 } as const;
