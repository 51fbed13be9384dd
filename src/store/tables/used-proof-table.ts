import { octetsOf } from '../steps/octets.js';
import { insertUnique, type Statement } from '../steps/statement.js';

export const insertUsedProof = (idSha256: string, usedAt: Date): Statement =>
  insertUnique('UsedProof', { idSha256: octetsOf(idSha256), usedAt }, { kind: 'usedProof' });

/** A round of housekeeping forgets more than the service can take in meanwhile. */
const forgottenAtOnce = 20_000;

export const forgetUsedProofs = (usedBefore: Date): Statement => ({
  sql: `DELETE FROM "UsedProof" WHERE "idSha256" IN (SELECT "idSha256" FROM "UsedProof" WHERE "usedAt" < ?
    ORDER BY "usedAt" LIMIT ${String(forgottenAtOnce)})`,
  parameters: [usedBefore],
});
