import { ArchiveDirectory } from '../evidence/archive-directory.js';
import type { Config } from '../config/config.js';
import type { Log } from '../context/context.js';
import type { Checkpoints, CheckpointSigner } from '../evidence/checkpoint-service.js';
import { ArchivedEvents } from '../evidence/archive-events.js';
import { keepRetention, type Retention } from '../evidence/keep-retention.js';
import type { Store } from '../store/store.js';

/** How often old events are looked for. */
const roundMilliseconds = 60 * 60 * 1000;

/** For tests. */
export interface RetentionOverrides {
  readonly retentionRoundMilliseconds?: number;
  /** How many events an archive has at most; a multiple of 256. */
  readonly eventsPerArchive?: number;
}

export interface RetentionToBegin {
  begin(): void;
  stop(): Promise<void>;
  /** See `Retention`; none where no events are archived. */
  notes(): readonly string[];
}

/** Archives old events where the configuration says so. */
export function openRetention(
  { audit: { archive } }: Config,
  parts: {
    readonly store: Store;
    readonly checkpoints: Checkpoints;
    readonly signers: readonly CheckpointSigner[];
    readonly clock: () => Date;
    readonly log: Log;
  },
  { retentionRoundMilliseconds = roundMilliseconds, eventsPerArchive }: RetentionOverrides,
): RetentionToBegin {
  let retention: Retention | null = null;
  return {
    begin() {
      if (archive === null) return;
      const archived = new ArchivedEvents({
        ...parts,
        files: new ArchiveDirectory(archive.directory),
        afterDays: archive.afterDays,
        ...(eventsPerArchive !== undefined && { eventsPerFile: eventsPerArchive }),
      });
      retention = keepRetention(archived, parts.log, retentionRoundMilliseconds);
    },
    async stop() {
      await retention?.stop();
    },
    notes: () => retention?.notes() ?? [],
  };
}
