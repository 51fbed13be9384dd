import type { CertificateFilter, StatusFilter } from '../../model/certificate.js';
import type { Condition } from '../steps/statement.js';
import type { ListFilter } from '../lists/list-filter.js';

/** The range of ends that a status stands for, as filters on expiry have it. */
type EndRange = Pick<CertificateFilter, 'notAfterAfter' | 'notAfterBefore'>;

/** Certificates with a status, as a part of a list. */
interface StatusConditions extends EndRange {
  /** Tables that name the certificates. */
  readonly filters: readonly ListFilter[];
  /** For each certificate `"r"`. */
  readonly conditions: readonly Condition[];
}

const throughRevocation: ListFilter = [
  {
    of: { table: 'Revocation', columns: { n: 'certificateN' } },
    // It also has revocations of certificates that a restored database does not know.
    and: { sql: '"t"."certificateN" IS NOT NULL', parameters: [] },
  },
];
const throughSupersession: ListFilter = [{ of: { table: 'Supersession', columns: { n: 'certificateN' } } }];

const notIn = (table: 'Revocation' | 'Supersession'): Condition => ({
  sql: `COALESCE((SELECT 1 FROM "${table}" AS "s" WHERE "s"."certificateN" = "r"."n"), 0) = 0`,
  parameters: [],
});
const notRevoked = notIn('Revocation');
const notSuperseded = notIn('Supersession');

/**
 * The certificates that have the status at `now`, as `statusOf` has it. All statuses but `revoked` are ranges of
 * `notAfter`, so that an index leads to them however many certificates have expired.
 */
export function conditionsOfStatus(status: StatusFilter, now: Date): StatusConditions {
  if (Number.isNaN(now.getTime())) throw new TypeError('a filter on the status needs an instant');
  switch (status) {
    case 'revoked':
      return { filters: [throughRevocation], conditions: [] };
    case 'expired':
      // One that ends at this instant has expired.
      return { filters: [], conditions: [notRevoked], notAfterBefore: new Date(now.getTime() + 1) };
    case 'superseded':
      return { filters: [throughSupersession], conditions: [notRevoked], notAfterAfter: now };
    case 'valid':
      return { filters: [], conditions: [notRevoked, notSuperseded], notAfterAfter: now };
    case 'live':
      return { filters: [], conditions: [notRevoked], notAfterAfter: now };
  }
}

/** The ends that lie in both ranges. */
export function withinBoth(one: EndRange, other: EndRange): EndRange {
  const afters = [one.notAfterAfter, other.notAfterAfter].filter((instant) => instant !== undefined);
  const befores = [one.notAfterBefore, other.notAfterBefore].filter((instant) => instant !== undefined);
  const instants = (found: readonly Date[]) => found.map((instant) => instant.getTime());
  return {
    ...(afters.length > 0 && { notAfterAfter: new Date(Math.max(...instants(afters))) }),
    ...(befores.length > 0 && { notAfterBefore: new Date(Math.min(...instants(befores))) }),
  };
}
