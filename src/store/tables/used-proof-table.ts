import { forgetBefore, insertUnique, octetsOf } from '../steps/statement.js';
import type { Write } from '../steps/step.js';

/** Remembers a proof of possession; conflicts where it is known already. */
export const insertUsedProof = ({ idSha256, at }: { readonly idSha256: string; readonly at: Date }): Write => ({
  statements: () => insertUnique('UsedProof', { idSha256: octetsOf(idSha256), usedAt: at }, { kind: 'usedProof' }),
});

/** Deletes at most 20,000 proofs: a round of housekeeping forgets more than the service can take in meanwhile. */
export const forgetUsedProofs = (usedBefore: Date): Write => ({
  statements: () => forgetBefore('UsedProof', '"idSha256"', 'usedAt', usedBefore, 20_000),
});
