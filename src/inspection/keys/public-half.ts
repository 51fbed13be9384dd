import type { Observation } from '../decoded.js';

/** What a private key says of its public half; nothing else of it leaves the function that read it. */
export interface PublicHalf {
  /** Octets of its own, never a view into the private key; null where it does not tell. */
  readonly subjectPublicKeyInfo: Buffer | null;
  readonly observations: readonly Observation[];
}

/** The public half, and what does not fit about the private one; `problems` are sentences. */
export const publicHalf = (subjectPublicKeyInfo: Buffer | null, ...problems: readonly string[]): PublicHalf => ({
  subjectPublicKeyInfo,
  observations: problems.map((message) => ({ code: 'PrivateKeyInvalid', message })),
});

/** A private key of an algorithm whose public half is not computed here. */
export const unsupportedKey = (subjectPublicKeyInfo: Buffer | null, message: string): PublicHalf => ({
  subjectPublicKeyInfo,
  observations: [{ code: 'KeyAlgorithmUnsupported', message }],
});
