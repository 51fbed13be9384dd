/** When a certificate was received, and when it ends: milliseconds since 1970 by the clock of this machine. */
interface Lifetime {
  readonly issuedAt: number;
  readonly notAfter: number;
}

/**
 * When to renew: at two thirds of the time from issue to end, give or take a fortieth, so that many machines that began
 * together do not ask together. `notBefore` does not count, because it is backdated. `random` is 0 … 1.
 */
export const renewalTime = ({ issuedAt, notAfter }: Lifetime, random: number): number =>
  Math.round(issuedAt + (notAfter - issuedAt) * (2 / 3 + (random - 0.5) / 20));

/**
 * So long before its end a certificate is not handed out if there is another way: not every client watches the time.
 */
const marginOf = ({ issuedAt, notAfter }: Lifetime): number => Math.min(60_000, Math.max(0, notAfter - issuedAt) / 20);

/** Whether there is time enough left for a request. */
export const isComfortable = (lifetime: Lifetime, now: number): boolean => now < lifetime.notAfter - marginOf(lifetime);

/** For so long a clock may have been set back without another look at a certificate. */
const setBackMilliseconds = 60_000;

/** Whether it is too early for a renewal. A clock that is before the time of issue was set back: nobody knows then. */
export const isFresh = (credential: Lifetime & { readonly renewAt: number }, now: number): boolean =>
  now < credential.renewAt && isComfortable(credential, now) && now >= credential.issuedAt - setBackMilliseconds;

/**
 * Smaller differences to the clock of kubepass are those of the answer's way, and of a header that has whole seconds.
 */
const smallestSkewMilliseconds = 5_000;

/** The end by the clock of this machine, whatever that shows. `serverTime`: when kubepass answered, by its clock. */
export function localEnd(notAfter: number, now: number, serverTime: number | null): number {
  const skew = serverTime === null ? 0 : now - serverTime;
  return Math.abs(skew) < smallestSkewMilliseconds ? notAfter : notAfter + skew;
}

/** When kubectl asks again: the end less the margin, and never in the past. */
export const expirationTime = (lifetime: Lifetime, now: number): number =>
  Math.max(lifetime.notAfter - marginOf(lifetime), Math.min(now + 5_000, lifetime.notAfter));
