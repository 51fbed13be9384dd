import { may } from '../service/session.js';

/** Where somebody without an address in mind begins. */
export function home(): string {
  if (may('approve-requests')) return '/console/requests';
  return may('read-identities') ? '/console/identities' : '/console/requests?view=mine';
}
