import { whyNotPermitted } from '../../identity/permissions.js';
import { done, refused } from '../../model/outcome.js';
import type { IdentityService } from '../../services/identities.js';
import type { IssuanceContext } from '../context.js';
import { blockIdentity, unblockIdentity } from './block-identity.js';
import { identityOf, readIdentity } from './read-identity.js';

/** The identities that have access, and whoever must not have any. */
export function identityService(context: IssuanceContext): IdentityService {
  return {
    async list(principal, filter, page) {
      const refusal = whyNotPermitted(principal, 'read-identities');
      if (refusal !== null) return refusal;
      const { items, nextCursor } = await context.store.identities.list(filter, context.clock(), page);
      return done({ items: items.map((one) => identityOf(context, one)), nextCursor });
    },

    async find(principal, username) {
      const refusal = whyNotPermitted(principal, 'read-identities');
      if (refusal !== null) return refusal;
      const identity = await readIdentity(context, username);
      const { blocked, waitingRequests, requestedForOthers } = identity;
      const isKnown = blocked !== null || waitingRequests.length > 0 || requestedForOthers.length > 0;
      if (!isKnown && !(await context.store.identities.isKnown(username))) return refused({ kind: 'not-found' });
      return done(identity);
    },

    block: (principal, username, ask) => blockIdentity(context, principal, username, ask),
    unblock: (principal, username, ask) => unblockIdentity(context, principal, username, ask),
  };
}
