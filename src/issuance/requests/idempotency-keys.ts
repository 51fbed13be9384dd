import type { CertificateRequest } from '../../model/certificate-request.js';
import { refused, type Outcome } from '../../model/outcome.js';
import type { Principal } from '../../model/principal.js';
import type { IdempotencyService } from '../../services/idempotency.js';
import type { IdempotencyToken, IdempotencyScope, IdempotentAnswer } from '../../model/idempotency.js';
import type { Operation } from '../../store/step.js';
import type { Store } from '../../store/store.js';

/** Keys are kept for 24 hours; then the same key means a new request. */
export const idempotencyKeySeconds = 24 * 60 * 60;

/** Keeps the first answer to each key in the store, and knows whose first request is under way in this process. */
export class IdempotencyKeys implements IdempotencyService {
  readonly #inFlight = new Set<string>();

  constructor(private readonly store: Pick<Store, 'idempotencyKeys' | 'requests' | 'writer'>) {}

  async look(principal: Principal, token: IdempotencyToken): ReturnType<IdempotencyService['look']> {
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
