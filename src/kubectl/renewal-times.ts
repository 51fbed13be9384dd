/** When a certificate was received, and when it ends: milliseconds since 1970. */
export interface Lifetime {
  readonly issuedAt: number;
  readonly notAfter: number;
}

/**
 * When to renew: at two thirds of the time from issue to end, give or take a fortieth, so that many machines that began
 * together do not ask together. `notBefore` does not count, because it is backdated. `random` is 0 … 1.
 */
export const renewalTime = ({ issuedAt, notAfter }: Lifetime, random: number): number =>
  Math.round(issuedAt + (notAfter - issuedAt) * (2 / 3 + (random - 0.5) / 20));

/** So long before its end a certificate is not handed out if there is another way: not every client watches the time. */
const marginOf = ({ issuedAt, notAfter }: Lifetime): number => Math.min(60_000, Math.max(0, notAfter - issuedAt) / 20);

/** Whether there is time enough left for a request. */
export const isComfortable = (lifetime: Lifetime, now: number): boolean => now < lifetime.notAfter - marginOf(lifetime);

/** When kubectl asks again: the end less the margin, and never in the past. */
export const expirationTime = (lifetime: Lifetime, now: number): number =>
  Math.max(lifetime.notAfter - marginOf(lifetime), Math.min(now + 5_000, lifetime.notAfter));
