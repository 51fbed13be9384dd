/** The caller's Idempotency-Key and the HTTP request that it is bound to. */
export interface IdempotencyToken {
  readonly method: string;
  readonly path: string;
  readonly key: string;
  /** SHA-256 of the raw body, lower-case hex. */
  readonly bodySha256: string;
}

/** Identifies a key: callers do not see each other's keys, and each endpoint has keys of its own. */
export interface IdempotencyScope extends Omit<IdempotencyToken, 'bodySha256'> {
  /** The caller's name. */
  readonly principal: string;
}

/** A key as it is recorded, in the commit that records its request. */
export interface NewIdempotencyEntry extends IdempotencyScope, IdempotencyToken {
  readonly requestId: string;
  readonly createdAt: Date;
}

/** The first answer, which repeats get again byte for byte. `body` null: it held a private key and is not kept. */
export interface IdempotentAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | null;
}

export interface IdempotencyEntry extends NewIdempotencyEntry {
  /** Null while unanswered: the first call is under way, or its process died. */
  readonly answer: IdempotentAnswer | null;
}
