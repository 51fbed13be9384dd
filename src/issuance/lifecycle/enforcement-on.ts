import { noEnforcement, type Enforcement } from '../../model/enforcement.js';
import type { IssuanceContext } from '../context.js';

/** How the cluster refuses a revoked certificate, and what goes on all the same. A cluster that is not configured refuses nothing. */
export function enforcementOn(_context: IssuanceContext, _cluster: string): Enforcement {
  return noEnforcement;
}
