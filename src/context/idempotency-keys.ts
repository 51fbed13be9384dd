import type { CertificateRequest } from '../model/certificate-request.js';
import { done, refused, type Outcome } from '../model/outcome.js';
import type { Bearer } from '../model/principal.js';
import type { IdempotencyScope, IdempotencyToken, IdempotentAnswer } from '../model/idempotency.js';
import type { Write } from '../store/steps/step.js';
import type { Store } from '../store/store.js';
import { answerIdempotencyKey, insertIdempotencyKey } from '../store/tables/idempotency-key-table.js';

/** Keys are kept for 24 hours; then the same key means a new request. */
export const idempotencyKeySeconds = 24 * 60 * 60;
/** A key that has no answer yet is kept while its request goes on, and for 30 days in any case. */
export const unansweredKeySeconds = 30 * idempotencyKeySeconds;

/** A key in the hands of the one call that acts for it. */
export interface ClaimedKey {
  readonly scope: IdempotencyScope;
  readonly bodySha256: string;
  /** The request that was recorded under the key before a crash or a fault lost its answer; null: the key is new. */
  readonly recorded: CertificateRequest | null;
}

/** An answer that can be given again. */
type RepeatableAnswer = IdempotentAnswer & { readonly body: string };

/** Keeps the first answer to each key in the store, and knows for which keys this process acts now. */
export class IdempotencyKeys {
  readonly #claimed = new Set<string>();

  constructor(private readonly store: Pick<Store, 'idempotencyKeys' | 'requests' | 'writer'>) {}

  /**
   * Looks the key up, once for each call, and answers what was kept. Where no answer was kept, `act` runs for this call
   * alone: another one that comes before it ends is refused. A replica that acts for the same key is found out when the
   * request is recorded.
   */
  async actOnce<T>(
    principal: Bearer,
    { method, path, key, bodySha256 }: IdempotencyToken,
    act: (claimed: ClaimedKey) => Promise<T>,
  ): Promise<Outcome<T | RepeatableAnswer>> {
    const scope: IdempotencyScope = { principal: ownerOf(principal), method, path, key };
    const claim = JSON.stringify([scope.principal, method, path, key]);
    const isClaimed = this.#claimed.has(claim);
    this.#claimed.add(claim);
    try {
      const entry = await this.store.idempotencyKeys.find(scope);
      if (entry !== null && entry.bodySha256 !== bodySha256) return refused({ kind: 'idempotency-key-reused' });
      if (entry?.answer) {
        const answer = repeatable(entry.answer);
        return answer ? done(answer) : refused({ kind: 'key-already-collected', requestId: entry.requestId });
      }
      if (isClaimed) return refused({ kind: 'idempotency-key-in-flight', requestId: null });
      const recorded = entry && (await this.store.requests.find(entry.requestId));
      if (entry !== null && recorded === null)
        throw new Error(`request ${entry.requestId} of an Idempotency-Key is not in the store`);
      return done(await act({ scope, bodySha256, recorded }));
    } finally {
      if (!isClaimed) this.#claimed.delete(claim);
    }
  }

  /** Keeps the answer, unless another replica kept one first. Then it answers that one, if it can be given again. */
  async keep({ scope }: ClaimedKey, answer: IdempotentAnswer): Promise<RepeatableAnswer | null> {
    const step = { operations: [answerIdempotencyKey({ scope, answer })], events: [] };
    if ((await this.store.writer.commit(step)).committed) return null;
    return repeatable((await this.store.idempotencyKeys.find(scope))?.answer ?? null);
  }
}

/**
 * The owner of a key. A successor has other keys than the predecessor, because the owner says since when the name is
 * theirs. No name has a space, so two owners never have the same text.
 */
const ownerOf = ({ name, nameSince }: Bearer): string =>
  nameSince === undefined ? name : `${name} ${nameSince.toISOString()}`;

const repeatable = (answer: IdempotentAnswer | null): RepeatableAnswer | null =>
  answer === null || answer.body === null ? null : { ...answer, body: answer.body };

/** The operation that ties the key to its request, in the commit that records the request. */
export function rememberKey(claimed: ClaimedKey | null, request: CertificateRequest, now: Date): readonly Write[] {
  if (claimed === null) return [];
  const entry = { ...claimed.scope, bodySha256: claimed.bodySha256, requestId: request.id, createdAt: now };
  return [insertIdempotencyKey(entry, request)];
}
