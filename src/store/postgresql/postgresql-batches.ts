import { setTimeout } from 'node:timers/promises';
import type pg from 'pg';
import type { AuditEvent } from '../../model/audit-event.js';
import { StoreUnavailableError } from '../../model/errors.js';
import type { Settled } from '../group-commit.js';
import type { Batches } from '../ordered-writer.js';
import type { CommitResult, Step } from '../step.js';
import { applySteps, type AppliedSteps } from './apply-steps.js';
import { chainLock, connect } from './connect.js';
import { isLost } from './errors.js';
import { pipeline, resultOf } from './query.js';

const againMilliseconds = 200;

/**
 * Commits each batch in one transaction, on a connection of its own that is opened again whenever it was lost. The chain's
 * lock lets one transaction of all processes at a time continue the audit log.
 */
export class PostgresqlBatches implements Batches {
  readonly #config: pg.ClientConfig;
  #client: pg.Client | null = null;

  /** `settleMilliseconds`: how long to look for the outcome of a COMMIT that was not answered. */
  constructor(
    config: pg.ClientConfig,
    private readonly settleMilliseconds: number,
  ) {
    this.#config = { ...config, pipeline: true };
  }

  async close(): Promise<void> {
    await this.#client?.end();
  }

  async commit(steps: readonly Step[], touch: boolean): Promise<readonly Settled<CommitResult>[]> {
    try {
      const { client, applied } = await this.#apply(steps, touch);
      await this.#finish(client, applied);
      return applied.settled;
    } catch (error) {
      // Closing the connection ends its open transaction, and leaves a server that became a standby.
      this.#drop();
      throw error;
    }
  }

  /** Nothing is stored before COMMIT, so a second connection is tried where the kept one turns out to be lost. */
  async #apply(
    steps: readonly Step[],
    touch: boolean,
  ): Promise<{ readonly client: pg.Client; readonly applied: AppliedSteps }> {
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
    // PostgreSQL answers ROLLBACK to the COMMIT of a transaction in which something failed.
    if (!failed && resultOf(replies.at(-1)).command === 'COMMIT') return;
    const error: unknown = failed ? failed.reason : new Error('the transaction was rolled back');
    if (!isLost(error)) throw error;
    this.#drop();
    if (!(await this.#wasCommitted(lastEvent, error))) throw error;
  }

  /**
   * Whether the transaction that ends with this event was committed: no other event can have its hash at its number.
   * Throws `StoreUnavailableError` where that cannot be found out, so that nobody is told that it was, or was not.
   */
  async #wasCommitted(lastEvent: AuditEvent | undefined, cause: unknown): Promise<boolean> {
    const unknown = new StoreUnavailableError(
      'the connection was lost in a commit, and whether it was made is not known',
      {
        cause,
      },
    );
    // Steps without events are idempotent, so the caller may retry.
    if (lastEvent === undefined) throw unknown;
    const end = performance.now() + this.settleMilliseconds;
    for (;;) {
      try {
        const client = await this.#connected();
        const replies = await pipeline(client, [
          'BEGIN ISOLATION LEVEL READ COMMITTED',
          // The lost transaction holds the lock until it has ended, whether it was committed or not.
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

  /** The connection, opened where there is none. */
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
    // It does not wait for the server, which may be unreachable.
    client?.connection.stream.destroy();
  }
}

/** Makes an answered commit durable, whatever the server's default is. A setting that promises more stays. */
async function commitToDisk(client: pg.Client): Promise<void> {
  const { rows } = await client.query<{ synchronous_commit: string }>('SHOW synchronous_commit');
  if (rows[0]?.synchronous_commit === 'off') await client.query('SET synchronous_commit = on');
}
