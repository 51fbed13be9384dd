import { randomUUID } from 'node:crypto';
import { setTimeout } from 'node:timers/promises';
import type pg from 'pg';
import { eventText } from '../../audit/audit-record.js';
import type { ChainHead } from '../../audit/hash-chain.js';
import { OpenTile, type LeafTile } from '../../audit/merkle-tile.js';
import { leafHashOfText } from '../../audit/merkle-tree.js';
import { StoreUnavailableError } from '../../model/errors.js';
import type { Batches, Settled } from '../writer/ordered-writer.js';
import { StepPreparation } from '../writer/prepare-step.js';
import type { Step } from '../steps/step.js';
import { insertNextLeafTile } from '../tables/checkpoint-tables.js';
import { applySteps } from './apply-steps.js';
import { chainLock, connect } from './connect.js';
import { concernsOneStep, isLost } from './errors.js';
import { encode, groupedQueries, placedBy, type EncodedStep, type PlacedRecords } from './grouped-queries.js';
import { allDone, pipeline } from './pipeline.js';
import { commandQuery, postgresqlDialect, queryOf, type Query } from './query.js';

const againMilliseconds = 200;
/** How long closing waits for the database. */
const closeMilliseconds = 1000;

/**
 * Commits each batch in one transaction, on a connection of its own that is opened again whenever it was lost. A batch
 * is one round trip; where something in it conflicts, each step is executed again behind its own savepoint.
 *
 * One transaction of all processes at a time continues the audit chain: it holds an advisory lock until its end. READ
 * COMMITTED gives each statement behind the lock a snapshot of its own, so the statement sees everything that was
 * committed before, including the head of the chain. Nobody else commits meanwhile, so a quota that was counted still
 * holds.
 */
export class PostgresqlBatches implements Batches {
  readonly #preparation = new StepPreparation(postgresqlDialect, encode);
  readonly #writer = randomUUID();
  /** The number in the writer's mark. */
  #marked = 0n;
  readonly #tile = new OpenTile();
  /** Tiles that the last events completed; they are kept with the next batch. */
  #tiles: readonly LeafTile[] = [];
  #client: pg.Client | null = null;

  /** `settleMilliseconds`: how long to look for the outcome of a COMMIT that was not answered. */
  constructor(
    private readonly config: pg.ClientConfig,
    private readonly settleMilliseconds: number,
  ) {}

  async close(): Promise<void> {
    const client = this.#client;
    if (client === null) return;
    const remove = queryOf({ sql: 'DELETE FROM "WriterMark" WHERE "writer" = ?', parameters: [this.#writer] });
    // Another process removes a mark that stays.
    await Promise.race([pipeline(client, [remove]), setTimeout(closeMilliseconds, undefined, { ref: false })]);
    await client.end();
  }

  /** It needs no `touch`, because each batch writes its mark. */
  commit(steps: readonly Step[]): Promise<readonly Settled[]> {
    return this.#preparation.commit(steps, (encoded) => this.#commit(encoded));
  }

  async #commit(steps: readonly EncodedStep[]): Promise<readonly Settled[]> {
    // A connection that was kept may turn out to be lost, so the batch is tried on another one.
    for (let again = this.#client !== null; ; again = false) {
      const client = await this.#connected();
      const batch = new Batch(client, steps, this.#opening(this.#marked + 1n));
      try {
        await batch.commit();
        this.#marked += 1n;
        this.#tiles = batch.placed.flatMap((placed) => this.#completedBy(placed));
        return batch.settled;
      } catch (error) {
        // Closing the connection ends its open transaction, and leaves a server that became a standby.
        this.#drop();
        if (!isLost(error)) throw error;
        if (await this.#wasCommitted(error)) return batch.settled;
        if (!again) throw error;
      }
    }
  }

  /** The tiles of the tree over the log that these records complete, of those that have no other process's events. */
  #completedBy({ firstSeq, records }: PlacedRecords): readonly LeafTile[] {
    const events = records.flatMap(({ text, lines }) => lines.map((line) => ({ text, line })));
    const leaves = events.map(({ text, line }, i) => leafHashOfText(eventText(text, line, firstSeq + i)));
    if (!this.#tile.isAt(headAt(firstSeq - 1))) this.#tile.beginAt(headAt(firstSeq - 1));
    return this.#tile.append(headAt(firstSeq - 1 + leaves.length), leaves);
  }

  /** The queries that open the transaction of a batch. */
  #opening(number: bigint): readonly Query[] {
    return [
      ...underLock,
      ...this.#tiles.map(insertNextLeafTile).map(queryOf),
      // It fails where the batch was given up meanwhile.
      queryOf({
        sql: `WITH "changed" AS (UPDATE "WriterMark" SET "batch" = ?, "committedAt" = now() AT TIME ZONE 'UTC'
            WHERE "writer" = ? AND "batch" = ? RETURNING 1) SELECT 1 / COUNT(*) FROM "changed"`,
        parameters: [number, this.#writer, number - 1n],
      }),
    ];
  }

  /**
   * Whether the batch whose commit was not answered was committed all the same. Throws `StoreUnavailableError` where
   * that cannot be found out, so that nobody is told that it was, or was not.
   */
  async #wasCommitted(cause: unknown): Promise<boolean> {
    const number = this.#marked + 1n;
    const end = performance.now() + this.settleMilliseconds;
    for (;;) {
      try {
        await this.#connected();
        return this.#marked === number;
      } catch {
        if (performance.now() > end)
          throw new StoreUnavailableError('the connection was lost in a commit, and whether it was made is not known', {
            cause,
          });
        await setTimeout(againMilliseconds);
      }
    }
  }

  /** The connection, opened where there is none. */
  async #connected(): Promise<pg.Client> {
    if (this.#client !== null) return this.#client;
    const client = await connect(this.config);
    const forget = () => {
      if (this.#client === client) this.#client = null;
    };
    client.once('error', forget);
    client.once('end', forget);
    this.#client = client;
    // Another server may have taken over, without the last commits of the one before.
    this.#preparation.forget();
    this.#tile.forget();
    this.#tiles = [];
    try {
      await commitToDisk(client);
      this.#marked = await this.#openMark(client);
    } catch (error) {
      this.#drop();
      throw error;
    }
    return client;
  }

  /**
   * Answers the number in the writer's mark: that of the last batch, if it was committed, or else a higher one. A batch
   * increments the number that its connection found. So a batch that is still on its way when its connection is lost
   * fails when it arrives.
   */
  async #openMark(client: pg.Client): Promise<bigint> {
    const last = this.#marked + 1n;
    const replies = allDone(
      await pipeline(client, [
        // A lost transaction holds the lock until it has ended, whether it was committed or not.
        ...underLock,
        queryOf({
          sql: `DELETE FROM "WriterMark" WHERE "committedAt" < now() AT TIME ZONE 'UTC' - interval '1 day' AND "writer" <> ?`,
          parameters: [this.#writer],
        }),
        queryOf({
          sql: `INSERT INTO "WriterMark" ("writer", "batch", "committedAt") VALUES (?, ?, now() AT TIME ZONE 'UTC')
            ON CONFLICT ("writer") DO UPDATE SET "batch" = excluded."batch" WHERE "WriterMark"."batch" < excluded."batch" - 1`,
          parameters: [this.#writer, last + 1n],
        }),
        queryOf({ sql: 'SELECT "batch" FROM "WriterMark" WHERE "writer" = ?', parameters: [this.#writer] }),
        commandQuery('COMMIT'),
      ]),
    );
    return BigInt(replies.at(-2)?.rows[0]?.[0] ?? last + 1n);
  }

  #drop(): void {
    const client = this.#client;
    this.#client = null;
    // It does not wait for the server, which may be unreachable.
    client?.connection.stream.destroy();
  }
}

/** The hashes of the chain stay in PostgreSQL. */
const headAt = (seq: number): ChainHead => ({ seq, hash: '' });

const underLock: readonly Query[] = [
  commandQuery('BEGIN ISOLATION LEVEL READ COMMITTED'),
  // The lock has a statement of its own, because a statement's snapshot is older than the lock that it waits for.
  queryOf({ sql: 'SELECT pg_advisory_xact_lock(?)', parameters: [chainLock] }),
];

/** The steps of one transaction. */
class Batch {
  /** The results that hold if the transaction is committed. */
  settled: readonly Settled[];
  /** The events that it appended, in order. */
  placed: readonly PlacedRecords[] = [];

  /** The last of the opening queries fails where the batch may not be committed any more. */
  constructor(
    private readonly client: pg.Client,
    private readonly steps: readonly EncodedStep[],
    private readonly opening: readonly Query[],
  ) {
    this.settled = steps.map(() => ({ result: { committed: true } }));
  }

  async commit(): Promise<void> {
    const { client, opening, steps } = this;
    const { done, error } = await pipeline(client, [...opening, ...groupedQueries(steps), commandQuery('COMMIT')]);
    if (error === null) {
      this.placed = placedBy(done.at(-2), steps);
      return;
    }
    if (!concernsOneStep(error)) throw error;
    if (done.length < opening.length) throw new Error('the mark of the writer has changed', { cause: error });
    const { settled, placed, remaining } = await applySteps(client, [commandQuery('ROLLBACK'), ...opening], steps);
    this.settled = settled;
    allDone(await pipeline(client, [...remaining, commandQuery('COMMIT')]));
    this.placed = placed;
  }
}

/** Makes an answered commit durable, whatever the server's default is. A setting that promises more stays. */
async function commitToDisk(client: pg.Client): Promise<void> {
  const { rows } = await client.query<{ synchronous_commit: string }>('SHOW synchronous_commit');
  if (rows[0]?.synchronous_commit === 'off') await client.query('SET synchronous_commit = on');
}
