import { join } from 'node:path';
import { foldedName } from '@kubepass/inspect/formats';
import type { DenyList } from '../access/deny-list.js';
import type { Config } from '../config/config.js';
import type { Log } from '../context/context.js';
import type { AuditEvent, AuditEventType } from '../model/audit-event.js';
import type { RevokedCertificate } from '../model/certificate.js';
import type { Withdrawal } from '../store/steps/step.js';
import type { Store } from '../store/store.js';
import { recordedAgainInWords, recordWithdrawalsAgain } from './record-withdrawals-again.js';
import { KeptRevocationsFile, type ReadRevocations } from './revocations-file.js';

/**
 * Beside a SQLite database, or in the data dir of each replica. There the name has the log's, because a data dir may
 * be used with another database, whose people and certificates are others.
 */
export const keptRevocationsFile = ({ database, dataDir }: Pick<Config, 'database' | 'dataDir'>, instance: string) =>
  database.kind === 'sqlite' ? `${database.file}.revoked.ndjson` : join(dataDir, `revoked-${instance}.ndjson`);

interface KeptRevocationsContext {
  readonly config: Pick<Config, 'database' | 'dataDir'>;
  readonly instance: string;
  readonly store: Store;
  readonly denyList: Pick<DenyList, 'all' | 'load'>;
  readonly clock: () => Date;
  readonly log: Log;
}

const nothingKnown =
  'if the database was restored from a backup, certificates that were revoked since are not known, and count as valid';

const readAtOnce = 1_000;

/**
 * The list of revocations and blocks that a database which was put back, or which lost rows, does not know. With
 * PostgreSQL each replica has a list of its own, also of what the other replicas record.
 */
export class KeptRevocations {
  /** One sentence for people: what the list restored, or that there was none. Null where there is nothing to say. */
  note: string | null = null;
  readonly #file: KeptRevocationsFile;
  readonly #list: string;
  /** How far the list has what other processes recorded. */
  #lastN = 0n;
  #seq = 0;

  constructor(private readonly context: KeptRevocationsContext) {
    const { config, instance } = context;
    this.#file = new KeptRevocationsFile(keptRevocationsFile(config, instance));
    this.#list = `the list ${config.database.kind === 'sqlite' ? 'beside it' : 'in the data dir'}`;
  }

  /**
   * Records again what the list knows and the database does not, before the deny list is loaded. Then the list is
   * written anew with all that the database knows.
   */
  async open(): Promise<void> {
    const { store, denyList, log } = this.context;
    const read = await this.#file.read();
    if (read === null && (await store.auditEvents.head()).seq > 0) {
      const place = this.context.config.database.kind === 'sqlite' ? 'beside the database' : 'in the data dir';
      this.note = `there was no list of revocations ${place}: ${nothingKnown}`;
      log.warn({ file: this.#file.path }, this.note);
    }
    if (read !== null && read.damaged > 0)
      log.error(
        { file: await this.#file.setAside(), lines: read.damaged },
        'the list of revocations beside the database has lines that cannot be read; a copy is kept',
      );
    const withdrawn = await this.#recordAgain(read ?? { revoked: [], withdrawn: [] });
    await this.#file.replace(denyList.all(), withdrawn).catch(this.#failed);
  }

  /**
   * Records again what the list and the memory of this process know and the database does not know any more, while the
   * service runs. One replica does it at a time.
   */
  async takeUp(): Promise<void> {
    const { denyList } = this.context;
    const { revoked, withdrawn } = (await this.#file.read()) ?? { revoked: [], withdrawn: [] };
    const all = await this.#recordAgain({ revoked: [...denyList.all(), ...revoked], withdrawn });
    await this.#file.append([...denyList.all()], all).catch(this.#failed);
  }

  /** Puts revocations that are committed into the list. A fault is logged: they are in the database. */
  keep(revoked: readonly RevokedCertificate[]): Promise<void> {
    return this.#file.append(revoked).catch(this.#failed);
  }

  /** The same with what else was taken from somebody. */
  keepWithdrawn(withdrawn: readonly Withdrawal[]): Promise<void> {
    return this.#file.append([], withdrawn).catch(this.#failed);
  }

  /**
   * Puts what all processes of a PostgreSQL database recorded into the list. What this process recorded stands there
   * twice then, which changes nothing. `end`: the number of an event at the end of the log.
   */
  async follow(end: number): Promise<void> {
    if (this.context.config.database.kind === 'sqlite' || end <= this.#seq) return;
    const { revocations } = this.context.store;
    for (let found; (found = await revocations.chunk(this.#lastN, readAtOnce)).length > 0;) {
      await this.#file.append(found).catch(this.#failed);
      this.#lastN = found.at(-1)?.n ?? this.#lastN;
    }
    const withdrawn = await this.#withdrawnSince(this.#seq);
    if (withdrawn.length > 0) await this.#file.append([], withdrawn).catch(this.#failed);
    this.#seq = end;
  }

  close(): Promise<void> {
    return this.#file.close();
  }

  readonly #failed = (error: unknown) => {
    this.context.log.error(
      { err: error, file: this.#file.path },
      'the list of revocations beside the database cannot be written',
    );
  };

  async #recordAgain(listed: Pick<ReadRevocations, 'revoked' | 'withdrawn'>): Promise<readonly Withdrawal[]> {
    const { store, denyList, clock, log } = this.context;
    // What other processes record from here on is followed.
    this.#lastN = await store.revocations.lastN();
    this.#seq = (await store.auditEvents.head()).seq;
    const recorded = await store.alone(() => recordWithdrawalsAgain(store, listed, clock()));
    const note = recordedAgainInWords(recorded, this.#list);
    if (note !== null) log.warn({ file: this.#file.path, restored: recorded.revocations + recorded.others }, note);
    this.note = note ?? this.note;
    await denyList.load();
    return recorded.withdrawn;
  }

  /** What the database knows of the names and tokens that events behind this number are about. */
  async #withdrawnSince(afterSeq: number): Promise<readonly Withdrawal[]> {
    const tokens = await this.#eventsSince('ApiTokenRevoked', afterSeq);
    const blocks = [
      ...(await this.#eventsSince('IdentityBlocked', afterSeq)),
      ...(await this.#eventsSince('IdentityUnblocked', afterSeq)),
    ];
    const names = [...new Set(blocks.map(({ details }) => foldedName(details['username'] as string)))];
    const holding = new Map(
      (await this.context.store.identityBlocks.find(names)).map(({ n: _, leaving: __, ...block }) => [
        foldedName(block.username),
        block,
      ]),
    );
    return [
      ...tokens.map(({ at, details }) => ({ token: details['tokenId'] as string, at })),
      ...names.map((folded) => ({ folded, block: holding.get(folded) ?? null })),
    ];
  }

  async #eventsSince(type: AuditEventType, afterSeq: number): Promise<readonly AuditEvent[]> {
    const events: AuditEvent[] = [];
    let cursor: string | null = null;
    do {
      const page = await this.context.store.auditEvents.list({ type, afterSeq }, { limit: readAtOnce, cursor });
      events.push(...page.items);
      cursor = page.nextCursor;
    } while (cursor !== null);
    return events;
  }
}
