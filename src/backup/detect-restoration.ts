import { randomBytes, randomUUID } from 'node:crypto';
import type { Log } from '../context/context.js';
import type { Checkpoints } from '../evidence/checkpoint-service.js';
import { recordRestoration } from './record-restoration.js';
import type { LogAsFound, Restorations } from './recorded-restorations.js';
import { newId } from '../model/new-id.js';
import type { CommitFollower } from '../store/writer/followed-writer.js';
import type { Store } from '../store/store.js';
import type { KeptCheckpoint } from './kept-checkpoint.js';

/** The id of the log. It gets one where it has none. */
export async function nameInstance(
  { writer, checkpoints }: Pick<Store, 'writer' | 'checkpoints'>,
  at: Date,
): Promise<string> {
  await writer.commit({ operations: [{ op: 'nameInstance', id: randomUUID(), at }], events: [] });
  const id = await checkpoints.instanceId();
  if (id === null) throw new Error('the log could not be given a name');
  return id;
}

export interface DetectionParts {
  readonly restorations: Restorations;
  readonly checkpoints: Pick<Checkpoints, 'tree'>;
  readonly keptCheckpoint: KeptCheckpoint;
  readonly instance: string;
  readonly log: Log;
}

/**
 * Finds out whether the database was put back from a backup without a word, by the traces that it does not know itself. It
 * comes before anything is signed.
 */
export async function detectRestoration({
  restorations,
  checkpoints,
  keptCheckpoint,
  instance,
  log,
}: DetectionParts): Promise<void> {
  const kept = await keptCheckpoint.read(log);
  const traces = { origin: `kubepass/${instance}`, tree: checkpoints.tree, kept };
  keptCheckpoint.refuseUpTo(await restorations.detect(traces));
}

export interface FirstParts {
  readonly store: Store;
  /** The log as it was when the database was opened. */
  readonly found: LogAsFound;
  readonly keptCheckpoint: KeptCheckpoint;
  readonly instance: string;
  readonly clock: () => Date;
  readonly log: Log;
}

/**
 * Goes before the revocations that only the list beside the database knows. They prove that the database was put back, and once
 * they are recorded again nothing proves it. So the restoration is on record before the first of them, unless one is open.
 */
export function restorationFirst({ store, found, keptCheckpoint, instance, clock, log }: FirstParts): CommitFollower {
  const record = async () => {
    const before = await store.restorations.all();
    if (before.some(({ acknowledgedAt }) => acknowledgedAt === null)) return;
    const kept = await keptCheckpoint.read(log);
    const signed = [...before.map(({ signedEvents }) => signedEvents ?? 0)];
    if (kept?.origin === `kubepass/${instance}`) signed.push(kept.size);
    const detectedAt = clock();
    await recordRestoration(
      { store, log },
      {
        id: newId(detectedAt, randomBytes),
        ...{ detectedAt, detectedBy: 'revocations', ...found },
        signedEvents: Math.max(0, ...signed) || null,
        ...{ acknowledgedAt: null, acknowledgedBy: null },
      },
    );
  };
  let recorded: Promise<void> | null = null;
  return {
    minds: null,
    waits: true,
    async before(step) {
      await (recorded ??= record());
      return step;
    },
  };
}
