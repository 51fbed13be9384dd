import { Tag } from '@kubepass/x509';
import { normalize } from '@kubepass/x509/tree';
import type { Observation } from '../../model/decoded.js';
import type { DecodeContext } from '../../reading/budget.js';

/** How something is encrypted with a password, and how to open it. */
export interface Encryption {
  /** In words: `PBES2 PBKDF2-HMAC-SHA256 2048 iterations AES-256-CBC`. */
  readonly description: string;
  /** Its weaknesses in words. */
  readonly weaknesses: readonly string[];
  /** Whether new software no longer writes it: PBES1, the schemes of PKCS#12, legacy PEM. */
  readonly legacy: boolean;
  /** Null where it is not opened here. */
  readonly opener: Opener | null;
}

interface Opener {
  /** The cost of one attempt, in iterations of PBKDF2-HMAC-SHA-256. */
  readonly cost: number;
  /** The encodings of the password that the scheme may have used; most schemes have one. */
  readonly encodings: (password: string) => readonly Buffer[];
  /** Null where the password is clearly wrong. */
  readonly decrypt: (password: Buffer, ciphertext: Buffer) => Buffer | null;
}

/** The finding that an encryption is weak; empty where it is not. */
export function weakEncryption(what: string, { weaknesses }: Pick<Encryption, 'weaknesses'>): readonly Observation[] {
  if (weaknesses.length === 0) return [];
  return [{ code: 'WeakKeyEncryption', message: `${what} is weakly protected: ${weaknesses.join(', ')}` }];
}

type Opening =
  { readonly ok: true; readonly plaintext: Buffer } | { readonly ok: false; readonly observation: Observation };

/**
 * Decrypts a SEQUENCE with the password of the upload, as far as the budget goes. The caller overwrites the plaintext
 * after use. `what` begins the sentence if it stays closed: `the private key`.
 */
export function openEncrypted(
  what: string,
  encryption: Encryption,
  ciphertext: Buffer,
  context: DecodeContext,
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
    if (isOneSequence(plaintext)) {
      context.budget.spendOctets(plaintext.length);
      return { ok: true, plaintext };
    }
    plaintext.fill(0);
  }
  return closed('PasswordWrong', `the password that was given does not open it (${description})`);
}

/** A wrong password gives a right padding once in 256 times, and one SEQUENCE once in many millions. */
function isOneSequence(plaintext: Buffer): boolean {
  const normalized = plaintext[0] === Tag.SEQUENCE ? normalize(plaintext) : null;
  return normalized?.ok === true && normalized.rest.length === 0;
}

/** Whether the budget allows a derivation. A cost that no upload may have does not count against the budget. */
export const mayDerive = (cost: number, { budget }: Pick<DecodeContext, 'budget'>): boolean =>
  cost < BEYOND_ANY_BUDGET && budget.mayDerive(cost);

const BEYOND_ANY_BUDGET = 2 ** 31;

const closed = (code: Observation['code'], message: string): Opening => ({
  ok: false,
  observation: { code, message },
});
