import type { CertificateRequest } from '../../model/certificate-request.js';
import { refused, type Outcome } from '../../model/outcome.js';
import type { Principal } from '../../model/principal.js';
import type { IdempotencyToken, IdempotencyScope, IdempotentAnswer } from '../../model/idempotency.js';
import type { Operation } from '../../store/step.js';
import type { Store } from '../../store/store.js';

/** Keys are kept for 24 hours; then the same key means a new request. */
export const idempotencyKeySeconds = 24 * 60 * 60;

/** Keeps the first answer to each key in the store, and knows whose first request is under way in this process. */
export class IdempotencyKeys {
  readonly #inFlight = new Set<string>();

  constructor(private readonly store: Pick<Store, 'idempotencyKeys' | 'requests' | 'writer'>) {}

  /**
   * Looks the key up: `new`; an `answer` to repeat; `keyCollected` where the answer held a private key; `inFlight`;
   * `otherBody`; or `unanswered`, where the request was recorded and its answer was never sent (a crash or a 5xx). Then
   * the use case with the same token continues that request.
   */
  async look(
    principal: Principal,
    token: IdempotencyToken,
  ): Promise<
    | { readonly kind: 'new' | 'unanswered' | 'inFlight' | 'otherBody' }
    | { readonly kind: 'answer'; readonly answer: IdempotentAnswer & { readonly body: string } }
    | { readonly kind: 'keyCollected'; readonly requestId: string }
  > {
    const scope = scopeOf(principal, token);
    const entry = await this.store.idempotencyKeys.find(scope);
    const inFlight = this.#inFlight.has(keyOf(scope));
    if (entry === null) return { kind: inFlight ? 'inFlight' : 'new' };
    if (entry.bodySha256 !== token.bodySha256) return { kind: 'otherBody' };
    if (entry.answer === null) return { kind: inFlight ? 'inFlight' : 'unanswered' };
    const { body } = entry.answer;
    if (body === null) return { kind: 'keyCollected', requestId: entry.requestId };
    return { kind: 'answer', answer: { ...entry.answer, body } };
  }

  /** Keeps the first answer. Does nothing where no request was recorded. */
  async record(principal: Principal, token: IdempotencyToken, answer: IdempotentAnswer): Promise<void> {
    const scope = scopeOf(principal, token);
    if ((await this.store.idempotencyKeys.find(scope)) === null) return;
    // A conflict means that the key is answered already: the first answer stands.
    await this.store.writer.commit({ operations: [{ op: 'answerIdempotencyKey', scope, answer }], events: [] });
  }

  /**
   * Runs `first` for a key that is new. Runs `again` with the request that was recorded under the key before a crash
   * or a fault lost its answer. Refuses a second call while the first is under way.
   */
  async run<T>(
    principal: Principal,
    token: IdempotencyToken | null,
    first: () => Promise<Outcome<T>>,
    again: (request: CertificateRequest) => Promise<Outcome<T>>,
  ): Promise<Outcome<T>> {
    if (token === null) return first();
    const scope = scopeOf(principal, token);
    const key = keyOf(scope);
    if (this.#inFlight.has(key)) return refused({ kind: 'idempotency-key-in-flight', requestId: null });
    this.#inFlight.add(key);
    try {
      const entry = await this.store.idempotencyKeys.find(scope);
      if (entry === null) return await first();
      if (entry.bodySha256 !== token.bodySha256) return refused({ kind: 'idempotency-key-reused' });
      const request = await this.store.requests.find(entry.requestId);
      if (request === null) throw new Error(`request ${entry.requestId} of an Idempotency-Key is not in the store`);
      return await again(request);
    } finally {
      this.#inFlight.delete(key);
    }
  }
}

/** The operation that ties the key to its request, in the commit that records the request. */
export function rememberKey(
  principal: Principal,
  token: IdempotencyToken | null,
  requestId: string,
  now: Date,
): readonly Operation[] {
  if (token === null) return [];
  const entry = { ...scopeOf(principal, token), bodySha256: token.bodySha256, requestId, createdAt: now };
  return [{ op: 'insertIdempotencyKey', entry }];
}

function scopeOf(principal: Principal, { method, path, key }: IdempotencyToken): IdempotencyScope {
  return { principal: principal.name, method, path, key };
}

const keyOf = ({ principal, method, path, key }: IdempotencyScope): string =>
  JSON.stringify([principal, method, path, key]);
