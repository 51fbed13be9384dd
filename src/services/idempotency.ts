import type { IdempotencyToken, IdempotentAnswer } from '../model/idempotency.js';
import type { Principal } from '../model/principal.js';

export interface IdempotencyService {
  /**
   * Looks the key up: `new`; an `answer` to repeat; `keyCollected` where the answer held a private key; `inFlight`;
   * `otherBody`; or `unanswered`, where the request was recorded and its answer was never sent (a crash or a 5xx). Then
   * `create` or `createKubeconfig` with the same token continues that request.
   */
  look(
    principal: Principal,
    token: IdempotencyToken,
  ): Promise<
    | { readonly kind: 'new' | 'unanswered' | 'inFlight' | 'otherBody' }
    | { readonly kind: 'answer'; readonly answer: IdempotentAnswer & { readonly body: string } }
    | { readonly kind: 'keyCollected'; readonly requestId: string }
  >;
  /** Keeps the first answer. Does nothing where no request was recorded. */
  record(principal: Principal, token: IdempotencyToken, answer: IdempotentAnswer): Promise<void>;
}
