import type { Outcome } from '../model/outcome.js';
import type { Page, PageQuery } from '../model/page.js';
import type { ApiToken, Principal, Role } from '../model/principal.js';

export interface NewApiToken {
  readonly name: string;
  readonly groups?: readonly string[];
  readonly roles: readonly Role[];
  readonly expiresInSeconds?: number | null;
  readonly cluster?: string;
}

export interface ApiTokenService {
  /** The secret is in this answer and is stored nowhere. */
  create(
    principal: Principal,
    ask: NewApiToken,
  ): Promise<Outcome<{ readonly token: ApiToken; readonly secret: string }>>;
  list(principal: Principal, page: PageQuery): Promise<Outcome<Page<ApiToken>>>;
  revoke(principal: Principal, id: string): Promise<Outcome<ApiToken>>;
}
