/** How it became known that the database was put back from a backup. */
export const restorationEvidence = ['command', 'checkpoint', 'revocations', 'clusters', 'head'] as const;
/**
 * `command`: `kubepass restore` did it. `checkpoint`: a checkpoint that is kept beside the database vouches for other
 * events, or for more. `revocations`: the list beside the database, or a running service, has revocations that the
 * database does not know. `clusters`: a cluster has certificates that were signed for this log, and the database does
 * not know them. `head`: a running service has seen a later end of the log.
 */
export type RestorationEvidence = (typeof restorationEvidence)[number];

/** The database was put back from a backup, or replaced by an older state in another way. */
export interface Restoration {
  readonly id: string;
  readonly detectedAt: Date;
  readonly detectedBy: RestorationEvidence;
  /** How many events the database had. */
  readonly events: number;
  /** When the last of them happened; null: there was none. */
  readonly knownUntil: Date | null;
  /** The largest size that a checkpoint is known to have had before. No size up to it is signed again. */
  readonly signedEvents: number | null;
  /** Null: nobody has acknowledged it. */
  readonly acknowledgedAt: Date | null;
  readonly acknowledgedBy: string | null;
}
