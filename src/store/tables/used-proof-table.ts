import { forgetBefore, insertUnique, octetsOf, type StatementsBy } from '../steps/statement.js';

export const usedProofStatements = {
  insertUsedProof: ({ idSha256, at }) =>
    insertUnique('UsedProof', { idSha256: octetsOf(idSha256), usedAt: at }, { kind: 'usedProof' }),

  // A round of housekeeping forgets more than the service can take in meanwhile.
  forgetUsedProofs: ({ usedBefore }) => forgetBefore('UsedProof', '"idSha256"', 'usedAt', usedBefore, 20_000),
} satisfies Partial<StatementsBy>;
