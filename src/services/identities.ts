import type { BlockAsk, Identity, IdentityDetails, IdentityFilter, UnblockAsk } from '../model/identity.js';
import type { Outcome } from '../model/outcome.js';
import type { Page, PageQuery } from '../model/page.js';
import type { Principal } from '../model/principal.js';

export interface IdentityService {
  /** By username; with `blocked: true` in the order of the usernames as names are compared. */
  list(principal: Principal, filter: IdentityFilter, page: PageQuery): Promise<Outcome<Page<Identity>>>;
  find(principal: Principal, username: string): Promise<Outcome<IdentityDetails>>;
  /** It never makes a block shorter or narrower. Answers what is left. */
  block(principal: Principal, username: string, ask: BlockAsk): Promise<Outcome<IdentityDetails>>;
  /** Revives nothing. */
  unblock(principal: Principal, username: string, ask: UnblockAsk): Promise<Outcome<IdentityDetails>>;
}
