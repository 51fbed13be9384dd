import { type RoleBinding, isForPeopleAlone, rolesBound } from '../callers/permissions.js';
import type { DirectoryUse } from '../context/standing.js';
import { KeyProofs } from '../callers/authentication/key-proofs.js';
import { belongsToBearer } from '../model/directory.js';
import type { Store } from '../store/store.js';
import { insertUsedProof } from '../store/tables/used-proof-table.js';

/**
 * Callers with the key of a certificate, as the store knows it. `admins`: whether API tokens may hold the roles admin
 * and approver.
 */
export function openKeyProofs(
  { roles, admins }: { readonly roles: readonly RoleBinding[]; readonly admins: boolean },
  store: Pick<Store, 'certificates' | 'requests' | 'apiTokens' | 'restorations' | 'writer'>,
  directoryUse: Pick<DirectoryUse, 'givenOnAt'>,
  clock: () => Date,
): KeyProofs {
  return new KeyProofs({
    async find(fingerprintSha256) {
      const certificate = await store.certificates.findByFingerprint(fingerprintSha256);
      const request = certificate && (await store.requests.find(certificate.requestId));
      if (certificate === null || request === null || certificate.orphan) return null;
      const { requester, collector, decision, certificationRequest, createdAt } = request;
      // The requester who brought a CSR holds the key, and must not speak for the collector by it.
      // eslint-disable-next-line no-restricted-syntax -- both are of one record
      if (certificationRequest !== null && requester.name !== collector) return null;
      // A key belongs to its holder for good, and a name does not: the wait of a successor may be over, by itself or by
      // an admin.
      const givenOn = await directoryUse.givenOnAt([certificate.username, requester.name, collector], true);
      // A request on which nobody decided has no makers on record: then all count, rather one person too many.
      const makers = decision.makers ?? (await store.apiTokens.makersOf(requester.name, null));
      // Roles by bindings are today's, for the groups of then. No binding has the roles of a token.
      const byToken = (await store.apiTokens.rolesOf(requester.name, givenOn)).filter(
        (role) => requester.roles.includes(role) && (admins || !isForPeopleAlone(role)),
      );
      const today = { ...requester, roles: [...new Set([...rolesBound(roles, requester), ...byToken])] };
      const { der, username, notAfter } = certificate;
      const names = { username, requester: today, collector, makers };
      return { der, notAfter, ...names, isPredecessors: !belongsToBearer(createdAt, givenOn) };
    },
    async use(idSha256, at) {
      const step = { operations: [insertUsedProof({ idSha256, at })], events: [] };
      const result = await store.writer.commit(step);
      if (result.committed) return true;
      if (result.conflict.kind === 'usedProof') return false;
      throw new Error(`a proof could not be remembered: ${JSON.stringify(result.conflict)}`);
    },
    async restoredAt() {
      const times = (await store.restorations.all()).map(({ detectedAt }) => detectedAt.getTime());
      return times.length === 0 ? null : new Date(Math.max(...times));
    },
    rolesOf: (name) => rolesBound(roles, { name, groups: [] }),
    clock,
  });
}
