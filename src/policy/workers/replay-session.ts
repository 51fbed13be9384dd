import type { RecordedRequest, Replayed } from '../../model/replay.js';
import type { BatchAnswer, BatchQuestion } from './draft-task.js';

/** Works as a task of the pool does: asks for batches, and ends with an error or once it was answered null. */
export type ReplayWork = (answer: (question: BatchQuestion) => Promise<BatchAnswer>) => Promise<void>;

/**
 * One draft in one worker for as long as requests are replayed under it. The worker asks for work; here it is the
 * other way round: whoever has the session hands batches over, one at a time, and gets what they come to.
 */
export class ReplaySession {
  #digest = '';
  #asked = deferred<BatchQuestion>();
  #give: (batch: BatchAnswer) => void = () => undefined;
  #closing = false;
  /** Why nothing can be replayed any more. */
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

  /** Resolves when the worker has read the draft. Rejects with what the work ended with. */
  static async open(work: ReplayWork): Promise<ReplaySession> {
    const session = new ReplaySession(work);
    session.#digest = (await session.#asked.promise).digest;
    return session;
  }

  /** Of the draft. */
  get digest(): string {
    return this.#digest;
  }

  /** What each of the requests comes to, in their order. Rejects with what the work ended with. */
  async replay(batch: readonly RecordedRequest[]): Promise<readonly Replayed[]> {
    if (this.#ended !== null) throw this.#ended;
    this.#asked = deferred();
    this.#give(batch);
    return (await this.#asked.promise).replayed;
  }

  /** Lets the worker go, once it is through with what it has. */
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
  // It may be refused while nobody waits for it.
  settled.promise.catch(() => undefined);
  return settled;
}
