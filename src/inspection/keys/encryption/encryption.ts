import type { DecodeContext, Observation } from '../../decoded.js';

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

interface Opener {
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

type Opening =
  { readonly ok: true; readonly plaintext: Buffer } | { readonly ok: false; readonly observation: Observation };

/**
 * Opens something with the password of the upload, as far as the budget goes. `isRight` tells plaintext from what a
 * wrong password makes of it: a padding is right by chance once in 256 times. Whoever gets the plaintext of a key
 * overwrites it after use. `what` begins the sentence if it stays closed: `the private key`.
 */
export function openEncrypted(
  what: string,
  encryption: Encryption,
  ciphertext: Buffer,
  context: DecodeContext,
  isRight: (plaintext: Buffer) => boolean,
): Opening {
  const { description, opener } = encryption;
  if (context.password === null)
    return closed('PrivateKeyLocked', `${what} is encrypted (${description}), and no password was given`);
  if (opener === null) return closed('EncryptionUnsupported', `${what} is encrypted with ${description}`);
  for (const password of opener.encodings(context.password)) {
    if (!mayDerive(opener.cost, context))
      return closed('KeyDerivationTooCostly', `${what} is encrypted with ${description}; it was not opened`);
    const plaintext = opener.decrypt(password, ciphertext);
    password.fill(0);
    if (plaintext === null) continue;
    if (isRight(plaintext)) {
      context.budget.spendOctets(plaintext.length);
      return { ok: true, plaintext };
    }
    plaintext.fill(0);
  }
  return closed('PasswordWrong', `the password that was given does not open it (${description})`);
}

/** Whether a derivation may be done; one that no upload can be allowed does not even reach the budget. */
export const mayDerive = (cost: number, { budget }: Pick<DecodeContext, 'budget'>): boolean =>
  cost < BEYOND_ANY_BUDGET && budget.mayDerive(cost);

const BEYOND_ANY_BUDGET = 2 ** 31;

const closed = (code: Observation['code'], message: string): Opening => ({
  ok: false,
  observation: { code, message },
});
