import type { RecordedRequest, Replayed } from '../../model/replay.js';
import type { BatchAnswer, BatchQuestion } from './draft.js';

/** A task of the pool. It asks for batches, and ends with an error or after the answer null. */
type ReplayWork = (answer: (question: BatchQuestion) => Promise<BatchAnswer>) => Promise<void>;

/**
 * Keeps one draft in one worker while requests are replayed under it. It turns the worker's questions round: the owner
 * of the session hands over one batch at a time and gets its results.
 */
export class ReplaySession {
  #digest = '';
  #asked = deferred<BatchQuestion>();
  #give: (batch: BatchAnswer) => void = () => undefined;
  #closing = false;
  /** The reason why the session can replay no more. */
  #ended: Error | null = null;
  readonly #work: Promise<void>;

  private constructor(work: ReplayWork) {
    const endWith = (error: unknown) => {
      this.#ended = error instanceof Error ? error : new Error(String(error));
      this.#asked.reject(this.#ended);
    };
    this.#work = work((question) => this.#answer(question)).then(() => {
      endWith(new Error('the replay has ended'));
    }, endWith);
  }

  /** Resolves when the worker has read the draft. Rejects with the error of the work. */
  static async open(work: ReplayWork): Promise<ReplaySession> {
    const session = new ReplaySession(work);
    session.#digest = (await session.#asked.promise).digest;
    return session;
  }

  /** The digest of the draft. */
  get digest(): string {
    return this.#digest;
  }

  /** The results for the requests, in their order. Rejects with the error of the work. */
  async replay(batch: readonly RecordedRequest[]): Promise<readonly Replayed[]> {
    if (this.#ended !== null) throw this.#ended;
    this.#asked = deferred();
    this.#give(batch);
    return (await this.#asked.promise).replayed;
  }

  /** Lets the worker end after its current batch. */
  async close(): Promise<void> {
    this.#closing = true;
    this.#give(null);
    await this.#work;
  }

  async #answer(question: BatchQuestion): Promise<BatchAnswer> {
    if (this.#closing) return null;
    return new Promise((give) => {
      this.#give = give;
      this.#asked.resolve(question);
    });
  }
}

function deferred<T>(): PromiseWithResolvers<T> {
  const settled = Promise.withResolvers<T>();
  // It may be rejected while nobody awaits it.
  settled.promise.catch(() => undefined);
  return settled;
}
