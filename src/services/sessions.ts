import type { Outcome } from '../model/outcome.js';
import type { Page, PageQuery } from '../model/page.js';
import type { Principal } from '../model/principal.js';
import type { Session } from '../model/session.js';

/** Browsers that signed in. */
export interface SessionService {
  /** Live sessions, newest first: the caller's own, for an admin everybody's. */
  list(principal: Principal, page: PageQuery): Promise<Page<Session>>;
  /** `current`: the session by which the caller came. */
  end(principal: Principal, id: string): Promise<Outcome<Session>>;
}
