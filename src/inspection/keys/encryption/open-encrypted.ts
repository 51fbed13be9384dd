import type { DecodeContext, Observation } from '../../decoded.js';
import type { Encryption } from './encryption.js';

export type Opening =
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
