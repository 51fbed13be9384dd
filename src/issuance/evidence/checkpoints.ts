import { randomUUID } from 'node:crypto';
import { checkpointText, type SignedCheckpoint } from '../../audit/checkpoint.js';
import { rootHash } from '../../audit/merkle-tree.js';
import { signNote, verifierKey, type NoteKey, type NoteSigner } from '../../audit/signed-note.js';
import { sha256 } from '../../x509/strict/sha256.js';
import { auditEvent } from '../../model/audit-event.js';
import type { Store } from '../../store/store.js';
import type { Log } from '../context.js';
import { TreeOfEvents } from './tree-of-events.js';

/** A private key that signs checkpoints; its name is the log's. */
export type CheckpointSigner = Omit<NoteSigner, 'name'>;

export interface CheckpointsContext {
  readonly store: Pick<Store, 'auditEvents' | 'checkpoints' | 'writer'>;
  /** Each signs every checkpoint; at least one. */
  readonly signers: readonly CheckpointSigner[];
  readonly clock: () => Date;
  readonly log: Log;
}

/** Checkpoints are kept for so long; the last one stays. */
const keptMilliseconds = 30 * 24 * 60 * 60 * 1000;

/**
 * Signs what the audit log is like, from time to time, so that whoever has kept a checkpoint can tell whether the log was
 * changed since.
 *
 * Several processes may sign. A checkpoint counts once it is in the database, which takes none whose size is not larger
 * than all before; so no size has two roots, even if a process is stopped between its signature and its commit.
 */
export class Checkpoints {
  readonly tree: TreeOfEvents;
  #origin: string | null = null;

  constructor(private readonly context: CheckpointsContext) {
    this.tree = new TreeOfEvents(context.store);
  }

  /** Names the log where it has no name, and records keys that it does not know. */
  async open(): Promise<void> {
    const { store, signers, clock, log } = this.context;
    const at = clock();
    await store.writer.commit({ operations: [{ op: 'nameInstance', id: randomUUID(), at }], events: [] });
    const id = await store.checkpoints.instanceId();
    if (id === null) throw new Error('the log could not be given a name');
    const origin = `kubepass/${id}`;
    this.#origin = origin;
    const known = new Set((await store.checkpoints.keys()).map((key) => key.verifierKey));
    for (const signer of signers) {
      const key = verifierKey({ ...signer, name: origin });
      if (known.has(key)) continue;
      const details = { key, sha256: sha256(signer.publicKey) };
      const { committed } = await store.writer.commit({
        operations: [{ op: 'insertCheckpointKey', verifierKey: key, at }],
        events: [auditEvent('CheckpointKeyAdded', at, null, details)],
      });
      if (committed) log.warn({ key }, 'a key for checkpoints of the audit log is new');
    }
  }

  /** Signs the log as it is now, unless the last checkpoint has its size. Answers the last checkpoint; null: none yet. */
  async sign(isStopped: () => boolean = () => false): Promise<SignedCheckpoint | null> {
    const { store, clock } = this.context;
    const { seq: size } = await store.auditEvents.head();
    const last = await store.checkpoints.last();
    if (size === 0 || (last !== null && last.size >= size)) return last;
    await this.tree.keepTiles(size, isStopped);
    if (isStopped()) return last;
    const root = await rootHash(this.tree, size);
    const named = this.#signers();
    const note = signNote(checkpointText({ origin: this.#name(), size, root }), named);
    const checkpoint: SignedCheckpoint = { size, root, note, signedAt: clock() };
    const { committed } = await store.writer.commit({
      operations: [
        { op: 'insertCheckpoint', checkpoint, verifierKeys: named.map(verifierKey) },
        { op: 'forgetCheckpoints', signedBefore: new Date(checkpoint.signedAt.getTime() - keptMilliseconds) },
      ],
      events: [],
    });
    return committed ? checkpoint : store.checkpoints.last();
  }

  #signers(): readonly NoteSigner[] {
    return this.context.signers.map((signer) => ({ ...signer, name: this.#name() }));
  }

  #name(): NoteKey['name'] {
    if (this.#origin === null) throw new Error('checkpoints are signed once the log has a name');
    return this.#origin;
  }
}
