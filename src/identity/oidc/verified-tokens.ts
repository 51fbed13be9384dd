import { hash } from 'node:crypto';
import { BoundedMap } from '../../model/bounded-map.js';
import type { Principal } from '../../model/principal.js';
import type { Validity } from './token-rules.js';

export interface VerifiedToken<Issuer> {
  readonly issuer: Issuer;
  /** The set of keys that it was verified with. */
  readonly generation: number;
  readonly validity: Validity;
  readonly principal: Principal;
}

/** Tokens that were verified, by their SHA-256, so that each is verified once. Not the tokens themselves: they are secrets. */
export const verifiedTokens = <Issuer>() => new BoundedMap<string, VerifiedToken<Issuer>>(2_000);

/** Lower-case hex. */
export const tokenSha256 = (token: string): string => hash('sha256', token, 'hex');
