import type { Page, PageQuery } from '../../model/page.js';
import type { Session } from '../../model/session.js';

/** How identity finds sessions; the store implements it. */
export interface SessionReader {
  /** By the SHA-256 of their secrets, lower-case hex, on a unique index; ended and expired ones too. */
  findBySecretSha256s(secretSha256s: readonly string[]): Promise<ReadonlyMap<string, Session>>;
  find(id: string): Promise<Session | null>;
  /** The live sessions of this name, or (null) of everybody; newest first. */
  list(name: string | null, now: Date, page: PageQuery): Promise<Page<Session>>;
  /**
   * Sessions of a name, in the form in which names are compared, that have neither been ended nor reached their end: those
   * that began no later than `begunUntil`, or (null) all. In no particular order, at most `limit`.
   */
  openOf(folded: string, now: Date, begunUntil: Date | null, limit: number): Promise<readonly Session[]>;
}
