import { setTimeout } from 'node:timers/promises';
import type pg from 'pg';
import type { AuditEvent } from '../../model/audit-event.js';
import { StoreUnavailableError } from '../../model/errors.js';
import { GroupCommit, type GroupCommitLimits, type Settled } from '../group-commit.js';
import { endsAttempt, type CommitResult, type Step, type Writer } from '../step.js';
import { applySteps, type AppliedSteps } from './apply-steps.js';
import { connect } from './connect.js';
import { isLost } from './errors.js';
import { chainLock } from './locks.js';
import { pipeline, resultOf } from './pipeline.js';

export interface PostgresqlWriterOptions extends GroupCommitLimits {
  /** How long it is tried to find out what became of a COMMIT that was not answered, in milliseconds. */
  readonly settleMilliseconds: number;
}

const againMilliseconds = 200;

/**
 * The one writer of a process, on a connection of its own that is made anew whenever it was lost. Many steps share a
 * transaction, of which the chain's lock lets one at a time continue the audit log, whichever process it is of.
 */
export class PostgresqlWriter implements Writer {
  readonly #config: pg.ClientConfig;
  readonly #settleMilliseconds: number;
  readonly #steps: GroupCommit<Step, CommitResult>;
  #client: pg.Client | null = null;

  constructor(config: pg.ClientConfig, { settleMilliseconds, ...limits }: PostgresqlWriterOptions) {
    this.#config = { ...config, pipeline: true };
    this.#settleMilliseconds = settleMilliseconds;
    this.#steps = new GroupCommit((steps) => this.#commitBatch(steps), limits);
  }

  commit(step: Step): Promise<CommitResult> {
    // The outcome of what was signed is never turned away; there are no more of them than intents that were let in.
    return this.#steps.add(step, endsAttempt(step));
  }

  /** When commits began to fail, if the last one did; null: it worked, or there was none. */
  get failingSince(): Date | null {
    return this.#steps.failingSince;
  }

  /** Lets queued steps finish, then closes. */
  async close(): Promise<void> {
    await this.#steps.close();
    await this.#client?.end();
  }

  async #commitBatch(steps: readonly Step[]): Promise<readonly Settled<CommitResult>[]> {
    try {
      const { client, applied } = await this.#apply(steps);
      await this.#finish(client, applied);
      return applied.settled;
    } catch (error) {
      // Whatever it was in, a transaction included, ends with it; and a server that became a standby is left.
      this.#drop();
      throw error;
    }
  }

  /** Until COMMIT is sent nothing is stored: where the connection turns out to be lost, another one is tried. */
  async #apply(steps: readonly Step[]): Promise<{ readonly client: pg.Client; readonly applied: AppliedSteps }> {
    const touch = this.failingSince !== null;
    const kept = this.#client;
    try {
      const client = await this.#connected();
      return { client, applied: await applySteps(client, steps, touch) };
    } catch (error) {
      if (kept === null || !isLost(error)) throw error;
      this.#drop();
      const client = await this.#connected();
      return { client, applied: await applySteps(client, steps, touch) };
    }
  }

  async #finish(client: pg.Client, { remaining, lastEvent }: AppliedSteps): Promise<void> {
    const replies = await pipeline(client, [...remaining, 'COMMIT']);
    const failed = replies.find((reply) => reply.status === 'rejected');
    // COMMIT of a transaction in which something failed is answered by ROLLBACK.
    if (!failed && resultOf(replies.at(-1)).command === 'COMMIT') return;
    const error: unknown = failed ? failed.reason : new Error('the transaction was rolled back');
    if (!isLost(error)) throw error;
    this.#drop();
    if (!(await this.#wasCommitted(lastEvent, error))) throw error;
  }

  /**
   * Whether the transaction was committed that ends with this event: nothing else can have its hash in its place.
   * Throws `StoreUnavailableError` where that cannot be found out; then nobody is told that it was, or was not.
   */
  async #wasCommitted(lastEvent: AuditEvent | undefined, cause: unknown): Promise<boolean> {
    const unknown = new StoreUnavailableError(
      'the connection was lost in a commit, and whether it was made is not known',
      {
        cause,
      },
    );
    // No event, so nothing but what may be done once more: an answer that is kept, a policy set, old keys.
    if (lastEvent === undefined) throw unknown;
    const end = performance.now() + this.#settleMilliseconds;
    for (;;) {
      try {
        const client = await this.#connected();
        const replies = await pipeline(client, [
          'BEGIN ISOLATION LEVEL READ COMMITTED',
          // The lost transaction holds it until it has ended, one way or the other.
          { text: 'SELECT pg_advisory_xact_lock($1)', values: [chainLock] },
          { text: 'SELECT "hash" FROM "AuditEvent" WHERE "seq" = $1', values: [lastEvent.seq] },
          'COMMIT',
        ]);
        const [, , found] = replies.map(resultOf);
        return (found?.rows[0] as { readonly hash: string } | undefined)?.hash === lastEvent.hash;
      } catch {
        this.#drop();
        if (performance.now() > end) throw unknown;
        await setTimeout(againMilliseconds);
      }
    }
  }

  /** The connection, made where there is none. */
  async #connected(): Promise<pg.Client> {
    if (this.#client !== null) return this.#client;
    const client = await connect(this.#config);
    const forget = () => {
      if (this.#client === client) this.#client = null;
    };
    client.once('error', forget);
    client.once('end', forget);
    this.#client = client;
    await commitToDisk(client);
    return client;
  }

  #drop(): void {
    const client = this.#client;
    this.#client = null;
    // Not waited for: where the network is gone nobody says goodbye.
    client?.connection.stream.destroy();
  }
}

/** A commit is on disk when it is answered, whatever the server's default; one that promises more is left as it is. */
async function commitToDisk(client: pg.Client): Promise<void> {
  const { rows } = await client.query<{ synchronous_commit: string }>('SHOW synchronous_commit');
  if (rows[0]?.synchronous_commit === 'off') await client.query('SET synchronous_commit = on');
}
