import type { IdempotencyKeys } from '../../context/idempotency-keys.js';
import type { Callers } from '../../callers/authentication/callers.js';
import type { Budgets } from '../../callers/spent-budgets.js';

/** The parts of the context that HTTP itself works with. */
export interface HttpContext {
  /** Finds out who a caller is, whatever the way in. */
  readonly authenticator: Pick<Callers, 'authenticate' | 'authenticateReviewer' | 'useProof'>;
  readonly budgets: Pick<Budgets, 'begin' | 'spend' | 'states'>;
  readonly idempotency: Pick<IdempotencyKeys, 'actOnce' | 'keep'>;
}
