import { randomUUID } from 'node:crypto';
import type { Log } from '../issuance/context.js';
import type { Checkpoints } from '../issuance/evidence/checkpoints.js';
import type { Restorations } from '../issuance/restoration/restorations.js';
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
 * comes before anything is signed. `revocations`: how many only the list beside the database knew.
 */
export async function detectRestoration(
  { restorations, checkpoints, keptCheckpoint, instance, log }: DetectionParts,
  revocations: number,
): Promise<void> {
  const kept = await keptCheckpoint.read(log);
  const traces = { origin: `kubepass/${instance}`, tree: checkpoints.tree, kept, revocations };
  keptCheckpoint.refuseUpTo(await restorations.detect(traces));
}
