import { randomUUID } from 'node:crypto';
import { checkpointText, type SignedCheckpoint } from '../audit/checkpoint.js';
import { rootHash } from '../audit/merkle-tree.js';
import { readVerifierKey, signNote, verifierKey, type NoteSigner } from '../audit/signed-note.js';
import { auditEvent } from '../model/audit-event.js';
import type { Announcement, WebhookDelivery } from '../model/webhook-delivery.js';
import type { Write } from '../store/steps/step.js';
import type { Store } from '../store/store.js';
import {
  forgetCheckpoints,
  holdCheckpointLease,
  insertCheckpoint,
  insertCheckpointKey,
  insertInstance,
  releaseCheckpointLease,
  retireCheckpointKey,
} from '../store/tables/checkpoint-tables.js';
import { enqueueWebhooks } from '../store/tables/webhook-delivery-table.js';
import { sha256 } from '@kubepass/x509';
import type { Log } from '../context/context.js';
import { inRounds, type Rounds } from '../context/in-rounds.js';
import { TreeOfEvents } from './tree-of-events.js';

/** A private key that signs checkpoints; its name is the log's. */
export type CheckpointSigner = Omit<NoteSigner, 'name'>;

export interface CheckpointsContext {
  readonly store: Pick<Store, 'auditEvents' | 'checkpoints' | 'writer'>;
  /** Each signs every checkpoint; at least one. */
  readonly signers: readonly CheckpointSigner[];
  /** Whether other keys that the log knows are retired at start. Not so where each process has a key of its own. */
  readonly retiresOthers: boolean;
  /** Identifies this process. */
  readonly owner: string;
  /** Whether no other process can work on this store, so that a lease of another one is that of a dead one. */
  readonly soleProcess: boolean;
  readonly deliveriesOf: (announcement: Announcement) => readonly WebhookDelivery[];
  readonly clock: () => Date;
  readonly log: Log;
}

/** The id of the log. It gets one where it has none. */
export async function nameInstance(
  { writer, checkpoints }: Pick<Store, 'writer' | 'checkpoints'>,
  at: Date,
): Promise<string> {
  const known = await checkpoints.instanceId();
  if (known !== null) return known;
  await writer.commit({ operations: [insertInstance({ id: randomUUID(), at })], events: [] });
  const id = await checkpoints.instanceId();
  if (id === null) throw new Error('the log could not be given a name');
  return id;
}

type IsStopped = () => boolean;

/** Checkpoints are kept for so long; the last one stays. */
const keptMilliseconds = 30 * 24 * 60 * 60 * 1000;
/** If the process that signs dies, another one signs after this time. */
const leaseMilliseconds = 60_000;

/**
 * Signs what the audit log is like, from time to time, so that whoever has kept a checkpoint can tell whether the log
 * was changed since.
 *
 * One process of several signs: the one that has the lease in the database. A checkpoint counts once it is in the
 * database, and until then nobody is told of it. It is committed only by the process with the lease, and only where its
 * size is larger than all before. So no size has two roots, even if a process is stopped between its signature and its
 * commit.
 */
export class Checkpoints {
  readonly tree: TreeOfEvents;
  #origin: string | null = null;
  #running: Promise<unknown> | null = null;
  #next: { readonly signing: Promise<SignedCheckpoint | null>; readonly askers: IsStopped[] } | null = null;

  constructor(private readonly context: CheckpointsContext) {
    this.tree = new TreeOfEvents(context.store);
  }

  /** Names the log where it has no name, and records which keys sign from now on, and which no more. */
  async open(): Promise<void> {
    const { store, soleProcess, clock } = this.context;
    const now = clock();
    this.#origin = `kubepass/${await nameInstance(store, now)}`;
    if (soleProcess)
      await store.writer.commit({ operations: [releaseCheckpointLease({ owner: null, now })], events: [] });
    await this.#recordKeys();
  }

  /**
   * Signs the log as it is now, unless the last checkpoint has its size. Answers the last checkpoint; null: none yet.
   * One signature is made at a time: all who ask while one is made, which may lack the last events, share the one
   * behind it. That stops where all of them do.
   */
  sign(isStopped: IsStopped = () => false): Promise<SignedCheckpoint | null> {
    if (this.#next !== null) {
      this.#next.askers.push(isStopped);
      return this.#next.signing;
    }
    if (this.#running === null) return this.#begin(isStopped);
    const askers = [isStopped];
    const signing = this.#running.then(() => {
      this.#next = null;
      return this.#begin(() => askers.every((one) => one()));
    });
    this.#next = { signing, askers };
    return signing;
  }

  #begin(isStopped: IsStopped): Promise<SignedCheckpoint | null> {
    const signing = this.#sign(isStopped);
    this.#running = signing
      .catch(() => undefined)
      .then(() => {
        this.#running = null;
      });
    return signing;
  }

  async #sign(isStopped: IsStopped): Promise<SignedCheckpoint | null> {
    const { store, clock } = this.context;
    const { seq: size, hash: lastHash } = await store.auditEvents.head();
    const last = await store.checkpoints.last();
    if (last !== null && last.size > size)
      throw new Error(`the audit log ends with event ${size}, and its last checkpoint vouches for ${last.size} events`);
    if (size === 0 || last?.size === size) return last;
    if (!(await this.tree.keepTiles(() => this.#hold(), isStopped))) return last;
    if (last !== null && !last.root.equals(await rootHash(this.tree, last.size)))
      throw new Error(`the first ${last.size} events of the audit log are not those that were signed`);
    const root = await rootHash(this.tree, size);
    const note = signNote(checkpointText({ origin: this.#name(), size, root }), this.#signers());
    const checkpoint: SignedCheckpoint = { size, root, note, signedAt: clock() };
    const { committed } = await store.writer.commit({
      operations: [
        this.#hold(),
        insertCheckpoint({ checkpoint, lastHash }),
        forgetCheckpoints(new Date(checkpoint.signedAt.getTime() - keptMilliseconds)),
        ...this.#announce(checkpoint),
      ],
      events: [],
    });
    return committed ? checkpoint : store.checkpoints.last();
  }

  /** Lets another process sign at once. */
  async release(): Promise<void> {
    const { store, owner, clock } = this.context;
    await store.writer.commit({ operations: [releaseCheckpointLease({ owner, now: clock() })], events: [] });
  }

  async #recordKeys(): Promise<void> {
    const { store, retiresOthers, log } = this.context;
    const used = (await store.checkpoints.keys()).filter(({ retiredAt }) => retiredAt === null);
    const ours = this.#signers().map(verifierKey);
    for (const key of ours)
      if (!used.some((one) => one.verifierKey === key) && (await this.#recordKey('CheckpointKeyAdded', key)))
        log.warn({ key }, 'a key for checkpoints of the audit log is new');
    const others = used.map((one) => one.verifierKey).filter((key) => !ours.includes(key));
    if (!retiresOthers && others.length > 0)
      log.warn(
        { keys: others.length },
        'other processes sign checkpoints with keys of their own: audit.checkpointKeys would give all the same ones',
      );
    if (!retiresOthers) return;
    for (const key of others)
      if (await this.#recordKey('CheckpointKeyRetired', key))
        log.warn({ key }, 'a key for checkpoints of the audit log signs no more');
  }

  async #recordKey(type: 'CheckpointKeyAdded' | 'CheckpointKeyRetired', key: string): Promise<boolean> {
    const at = this.context.clock();
    const record = type === 'CheckpointKeyAdded' ? insertCheckpointKey : retireCheckpointKey;
    const details = { key, sha256: sha256(readVerifierKey(key)?.publicKey ?? Buffer.alloc(0)) };
    const { committed } = await this.context.store.writer.commit({
      operations: [record({ verifierKey: key, at })],
      events: [auditEvent(type, at, null, details)],
    });
    return committed;
  }

  #hold(): Write {
    const now = this.context.clock();
    const leaseUntil = new Date(now.getTime() + leaseMilliseconds);
    return holdCheckpointLease({ owner: this.context.owner, now, leaseUntil });
  }

  #announce(checkpoint: SignedCheckpoint): readonly Write[] {
    const { size, root, note, signedAt: at } = checkpoint;
    const announced = { origin: this.#name(), size, root, note };
    const deliveries = this.context.deliveriesOf({ at, event: 'audit.checkpoint', checkpoint: announced });
    return deliveries.length === 0 ? [] : [enqueueWebhooks(deliveries)];
  }

  #signers(): readonly NoteSigner[] {
    return this.context.signers.map((signer) => ({ ...signer, name: this.#name() }));
  }

  #name(): string {
    if (this.#origin === null) throw new Error('checkpoints are signed once the log has a name');
    return this.#origin;
  }
}

/** How long a service that stops may take to sign once more. */
const lastMilliseconds = 5_000;

/** Signs a checkpoint at once, then at this interval where events are new, and once more when it is stopped. */
export function signCheckpoints(
  checkpoints: Pick<Checkpoints, 'sign' | 'release'>,
  intervalSeconds: number,
  log: Log,
): Rounds {
  const run = async (isStopped: IsStopped) => {
    try {
      await checkpoints.sign(isStopped);
    } catch (error) {
      log.error({ err: error }, 'the audit log could not be signed, it is tried again');
    }
  };
  const rounds = inRounds(run, intervalSeconds * 1000);
  return {
    async stop() {
      await rounds.stop();
      const end = performance.now() + lastMilliseconds;
      await run(() => performance.now() > end);
      // Without this another process signs when the lease ends.
      await checkpoints.release().catch(() => undefined);
    },
  };
}
