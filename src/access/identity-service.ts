import { whyNotPermitted } from '../identity/permissions.js';
import type { Identity, IdentityDetails, IdentityFilter } from '../model/identity.js';
import { done, refused, type Outcome, type Page, type PageQuery } from '../model/outcome.js';
import type { Principal } from '../model/principal.js';
import type { IssuanceContext } from '../context/context.js';
import { blockIdentity, unblockIdentity } from './block-identity.js';
import { identityOf, readIdentity } from './read-identity.js';

export type IdentityService = ReturnType<typeof identityService>;

/** The identities that have access, and whoever must not have any. */
export function identityService(context: IssuanceContext) {
  return {
    /** By username; with `blocked: true` in the order of the usernames as names are compared. */
    async list(principal: Principal, filter: IdentityFilter, page: PageQuery): Promise<Outcome<Page<Identity>>> {
      const refusal = whyNotPermitted(principal, 'read-identities');
      if (refusal !== null) return refusal;
      const { items, nextCursor } = await context.store.identities.list(filter, context.clock(), page);
      return done({ items: items.map((one) => identityOf(context, one)), nextCursor });
    },

    async find(principal: Principal, username: string): Promise<Outcome<IdentityDetails>> {
      const refusal = whyNotPermitted(principal, 'read-identities');
      if (refusal !== null) return refusal;
      const identity = await readIdentity(context, username);
      const { blocked, waitingRequests, requestedForOthers } = identity;
      const isKnown = blocked !== null || waitingRequests.length > 0 || requestedForOthers.length > 0;
      if (!isKnown && !(await context.store.identities.isKnown(username))) return refused({ kind: 'not-found' });
      return done(identity);
    },

    block: blockIdentity.bind(null, context),
    unblock: unblockIdentity.bind(null, context),
  };
}
