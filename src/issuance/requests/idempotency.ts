import type { Principal } from '../../model/principal.js';
import { refused, type Outcome } from '../../model/outcome.js';
import type { CertificateRequest } from '../../model/certificate-request.js';
import type { IdempotencyService, IdempotencyToken } from '../../services.js';
import type { IdempotencyScope, Operation } from '../../store/step.js';
import type { IssuanceContext } from '../context.js';

/** Kept 24 hours, then a key means a new request. */
export const idempotencyKeySeconds = 24 * 60 * 60;

/** First answers, kept in the store and given again; see `IdempotencyService`. */
export function idempotencyService(context: IssuanceContext): IdempotencyService {
  const { store, keysInFlight } = context;
  return {
    async look(principal, token) {
      const scope = scopeOf(principal, token);
      const entry = await store.idempotencyKeys.find(scope);
      const inFlight = keysInFlight.has(keyOf(scope));
      if (entry === null) return { kind: inFlight ? 'inFlight' : 'new' };
      if (entry.bodySha256 !== token.bodySha256) return { kind: 'otherBody' };
      if (entry.answer === null) return { kind: inFlight ? 'inFlight' : 'unanswered' };
      const { body } = entry.answer;
      if (body === null) return { kind: 'keyCollected', requestId: entry.requestId };
      return { kind: 'answer', answer: { ...entry.answer, body } };
    },

    async record(principal, token, answer) {
      const scope = scopeOf(principal, token);
      if ((await store.idempotencyKeys.find(scope)) === null) return;
      // A conflict means that it is answered already: the first answer stands.
      await store.writer.commit({ operations: [{ op: 'answerIdempotencyKey', scope, answer }], events: [] });
    },
  };
}

/**
 * Runs `first` for a key that is new, or `again` with the request that was recorded under it before a crash or a
 * fault kept its answer from leaving. A second call while one is under way is refused.
 */
export async function withIdempotency<T>(
  context: IssuanceContext,
  principal: Principal,
  token: IdempotencyToken | null,
  first: () => Promise<Outcome<T>>,
  again: (request: CertificateRequest) => Promise<Outcome<T>>,
): Promise<Outcome<T>> {
  if (token === null) return first();
  const scope = scopeOf(principal, token);
  const key = keyOf(scope);
  if (context.keysInFlight.has(key)) return refused({ kind: 'idempotency-key-in-flight', requestId: null });
  context.keysInFlight.add(key);
  try {
    const entry = await context.store.idempotencyKeys.find(scope);
    if (entry === null) return await first();
    if (entry.bodySha256 !== token.bodySha256) return refused({ kind: 'idempotency-key-reused' });
    const request = await context.store.requests.find(entry.requestId);
    if (request === null) throw new Error(`request ${entry.requestId} of an Idempotency-Key is not in the store`);
    return await again(request);
  } finally {
    context.keysInFlight.delete(key);
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
  return [
    {
      op: 'insertIdempotencyKey',
      entry: { ...scopeOf(principal, token), bodySha256: token.bodySha256, requestId, createdAt: now },
    },
  ];
}

function scopeOf(principal: Principal, { method, path, key }: IdempotencyToken): IdempotencyScope {
  return { principal: principal.name, method, path, key };
}

const keyOf = ({ principal, method, path, key }: IdempotencyScope): string =>
  JSON.stringify([principal, method, path, key]);
