import type { ApiTokenRules } from '../../src/callers/authentication/callers.js';
import type { Principal, Role } from '../../src/model/principal.js';

export function principal(name: string, roles: readonly Role[], more: Partial<Principal> = {}): Principal {
  const expiresAt = new Date('2100-01-01T00:00:00Z');
  const credentialId = `token-of-${name}`;
  return {
    name,
    roles,
    groups: [],
    method: 'api-token',
    createdBy: [],
    credentialId,
    expiresAt,
    cluster: null,
    ...more,
  };
}

export const hr = principal('hr-system', ['requester']);
export const alice = principal('alice', ['requester']);
export const bob = principal('bob', ['approver']);
export const carol = principal('carol', ['requester', 'approver']);
export const auditor = principal('audrey', ['auditor']);
export const admin = principal('admin', ['admin']);

/** Tokens hold every role, those for emergencies are used without a word, and no use is recorded. */
export const admitting: ApiTokenRules = {
  admins: true,
  useBreakGlass: () => Promise.resolve(),
  touch: () => Promise.resolve(),
};
