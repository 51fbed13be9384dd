import type { ApiToken } from '../model/principal.js';
import type { Page, PageQuery } from '../model/page.js';

/** How identity finds tokens; the store implements it. */
export interface ApiTokenReader {
  /** By the SHA-256 of the secret, lower-case hex, on a unique index; revoked and expired ones too. */
  findBySecretSha256(secretSha256: string): Promise<ApiToken | null>;
  find(id: string): Promise<ApiToken | null>;
  /** Newest first. */
  list(page: PageQuery): Promise<Page<ApiToken>>;
  /** Whether an unrevoked, unexpired token with role admin exists. */
  hasLiveAdmin(now: Date): Promise<boolean>;
}
