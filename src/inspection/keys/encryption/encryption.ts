import type { Observation } from '../../decoded.js';

/** How something is encrypted with a password, and how to open it. */
export interface Encryption {
  /** In words: `PBES2 PBKDF2-HMAC-SHA256 2048 iterations AES-256-CBC`. */
  readonly description: string;
  /** What is weak about it, in words; empty where nothing is. */
  readonly weaknesses: readonly string[];
  /** PBES1 or a scheme of PKCS#12, which new software no longer writes. */
  readonly legacy: boolean;
  /** Null where it is not opened here. */
  readonly opener: Opener | null;
}

export interface Opener {
  /** Of one attempt, in iterations of PBKDF2-HMAC-SHA-256. */
  readonly cost: number;
  /** Every form in which the scheme may have taken the password; most have one. */
  readonly encodings: (password: string) => readonly Buffer[];
  /** Null where the password is seen to be wrong. */
  readonly decrypt: (password: Buffer, ciphertext: Buffer) => Buffer | null;
}

/** NIST SP 800-132 5.2 asks for as many as can be borne; below this a password is guessed at leisure. */
const FEWEST_ITERATIONS = 10_000;

/** The weakness of a count of iterations, if it is one. */
export const fewIterations = (iterations: number): readonly string[] =>
  iterations < FEWEST_ITERATIONS ? [inWords(iterations)] : [];

export const inWords = (iterations: number): string => {
  if (iterations === 1) return 'one iteration';
  return `${Number.isFinite(iterations) ? iterations.toString() : 'more than 2^48'} iterations`;
};

/** The finding that an encryption is weak, if it is. */
export function weakEncryption(what: string, { weaknesses }: Pick<Encryption, 'weaknesses'>): readonly Observation[] {
  if (weaknesses.length === 0) return [];
  return [{ code: 'WeakKeyEncryption', message: `${what} is weakly protected: ${weaknesses.join(', ')}` }];
}

export const utf8Password = (password: string): readonly Buffer[] => [Buffer.from(password, 'utf8')];
