import type { ListedCertificate } from '../../model/certificate.js';
import type { Revocation } from '../../model/revocation.js';
import type { Operation } from '../../store/step.js';
import type { IssuanceContext } from '../context.js';

/** The operations that tell webhooks of a revocation, for the step that records it; empty where none wants to know. */
export function announceRevocation(
  _context: IssuanceContext,
  _certificate: ListedCertificate,
  _revocation: Revocation,
): readonly Operation[] {
  return [];
}
