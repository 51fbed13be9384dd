import { hash } from 'node:crypto';
import type { Principal } from '../../model/principal.js';
import type { Validity } from './token-rules.js';

export interface VerifiedToken<Issuer> {
  readonly issuer: Issuer;
  /** The set of keys that it was verified with. */
  readonly generation: number;
  readonly validity: Validity;
  readonly principal: Principal;
}

const most = 2_000;

/**
 * Tokens that were verified, by their SHA-256, so that each is verified once. Not the tokens themselves: they are secrets.
 * The one that was verified first is forgotten first.
 */
export class VerifiedTokens<Issuer> {
  readonly #kept = new Map<string, VerifiedToken<Issuer>>();

  find(sha256: string): VerifiedToken<Issuer> | undefined {
    return this.#kept.get(sha256);
  }

  keep(sha256: string, token: VerifiedToken<Issuer>): void {
    const [oldest] = this.#kept.keys();
    if (this.#kept.size >= most && oldest !== undefined) this.#kept.delete(oldest);
    this.#kept.set(sha256, token);
  }

  forget(sha256: string): void {
    this.#kept.delete(sha256);
  }
}

/** Lower-case hex. */
export const tokenSha256 = (token: string): string => hash('sha256', token, 'hex');
