import type { ChainHead } from '../audit/hash-chain.js';
import type { Log } from '../context/context.js';
import { inRounds, type Rounds } from '../context/in-rounds.js';
import { isInLog, type TreeOfEvents } from '../log/tree-of-events.js';
import { StoreUnavailableError } from '../model/errors.js';
import type { Store } from '../store/store.js';
import type { KeptCheckpoint } from './checkpoint-beside-database.js';
import { logAsFound, type Restorations } from './detect-restorations.js';
import type { KeptRevocations } from './revocations-beside-database.js';

interface WatchContext {
  readonly store: Store;
  readonly restorations: Pick<Restorations, 'continues' | 'detect'>;
  readonly keptCheckpoint: KeptCheckpoint;
  readonly tree: TreeOfEvents;
  readonly keptRevocations: Pick<KeptRevocations, 'follow' | 'takeUp'>;
  readonly clock: () => Date;
  readonly log: Log;
  /** Default: a second. */
  readonly lookMilliseconds?: number | undefined;
}

/** After a change of the server nobody signs for as long as a lease lasts. */
const quietMilliseconds = 60_000;

/**
 * Notices while the service runs that the database lost rows. A server that took over from another server may lack the
 * last commits of that server. Such a loss is recorded as a restoration, as after a backup. Each replica looks for
 * itself, and adds the facts that only this replica knows.
 *
 * A replica also keeps each checkpoint of another replica as soon as the checkpoint is in the database. When the
 * database server is lost, one replica may not have seen the last checkpoint yet. So each replica pauses before its
 * next signature: the replica that saw the last checkpoint needs time to record its size.
 */
export class LogWatch {
  /** The ends of the log that were seen, oldest first. */
  #heads: readonly ChainHead[] = [];
  #server: string | null = null;
  #keptSize = 0;
  #quietUntil = 0;
  #looking: Promise<void> = Promise.resolve();

  constructor(private readonly context: WatchContext) {}

  /**
   * Compares the log with the traces that it left elsewhere: now, and from now on before each commit of a checkpoint.
   */
  async open(): Promise<void> {
    const { restorations, keptCheckpoint, tree, clock } = this.context;
    await restorations.detect(tree);
    await this.#look();
    keptCheckpoint.mayCommit = async () => {
      await this.#look();
      if (!(await restorations.continues(tree))) await this.#recover();
      return clock().getTime() >= this.#quietUntil;
    };
  }

  /** Looks again and again. If a look fails, the next look makes up for it. */
  begin(): Rounds {
    const failed = (error: unknown) => {
      if (error instanceof StoreUnavailableError) return;
      this.context.log.error({ err: error }, 'what the database lost cannot be recorded now, it is tried again');
    };
    return inRounds(() => this.#look().catch(failed), this.context.lookMilliseconds ?? 1_000);
  }

  /** Begins a look when the earlier looks have ended, because each look appends a head to the ordered `#heads`. */
  #look(): Promise<void> {
    const look = this.#looking.then(() => this.#lookNow());
    this.#looking = look.catch(() => undefined);
    return look;
  }

  async #lookNow(): Promise<void> {
    const { store, keptCheckpoint, keptRevocations, clock, log } = this.context;
    // The head is read first. If the server changes after that, the next look finds that the log lacks this head.
    const head = await store.auditEvents.head();
    const { server, lastSize } = await store.checkpoints.server();
    const lost = new Set<ChainHead>();
    for (const one of this.#heads.toReversed()) {
      if (await isInLog(store.auditEvents, one)) break;
      lost.add(one);
    }
    if (lost.size > 0 || (this.#server ?? server) !== server) {
      log.warn({ isShorter: lost.size > 0 }, 'the database may be another server: what it lacks is looked for');
      this.#quietUntil = clock().getTime() + quietMilliseconds;
      await this.#recover(lost);
    }
    this.#server = server;
    const known = this.#heads.filter((one) => !lost.has(one) && one.hash !== head.hash);
    this.#heads = [...known, head].slice(-1_000);
    await keptRevocations.follow(head.seq);
    if (lastSize <= this.#keptSize) return;
    const last = await store.checkpoints.last();
    if (last !== null) await keptCheckpoint.keep(last.note);
    this.#keptSize = lastSize;
  }

  /** Records the facts that this process knows and the database does not know. */
  async #recover(lost: ReadonlySet<ChainHead> = new Set()): Promise<void> {
    const { store, restorations, keptRevocations, tree } = this.context;
    tree.forget();
    const found = await logAsFound(store.auditEvents, this.#heads.findLast((one) => !lost.has(one))?.seq ?? 0);
    await restorations.detect(tree, { found, isShorter: lost.size > 0 });
    await keptRevocations.takeUp();
  }
}
