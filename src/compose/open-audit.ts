import { isSoleProcess } from '../backup/open-store.js';
import { ArchiveDirectory } from '../evidence/archive-directory.js';
import { ArchivedEvents, keepRetention, type Retention } from '../evidence/archive-events.js';
import { openCheckpointKeys } from '../evidence/checkpoint-keys.js';
import { Checkpoints, signCheckpoints } from '../evidence/checkpoint-service.js';
import type { Store } from '../store/store.js';
import type { OpenedWebhooks } from './open-webhooks.js';
import type { Runtime } from './runtime.js';

/** The evidence of the audit log: its checkpoints, and the archives of its old events. */
export interface OpenedAudit {
  readonly checkpoints: Checkpoints;
  /** Begins to sign checkpoints. */
  begin(): void;
  /** Begins to archive old events, where the configuration says so. They end before the checkpoints do. */
  beginRetention(): void;
  /** Sentences about what keeps events from being archived; none where nobody asked for archives. */
  notes(): readonly string[];
}

/** How often old events are looked for. */
const retentionMilliseconds = 60 * 60 * 1000;

/**
 * Opens the checkpoints with the keys that sign them. It comes before all that records events once the service works,
 * because what is opened first is closed last: the last checkpoint is signed when everything has ended that records.
 */
export async function openAudit(
  { config, overrides, clock, owner, log, closings }: Runtime,
  store: Store,
  { deliveriesOf }: Pick<OpenedWebhooks, 'deliveriesOf'>,
): Promise<OpenedAudit> {
  const { audit, dataDir } = config;
  let signing: { stop(): Promise<void> } | null = null;
  let retention: Retention | null = null;
  closings.push(() => signing?.stop());
  const signers = await openCheckpointKeys(audit.checkpointKeyFiles, dataDir, log);
  const soleProcess = isSoleProcess(config);
  const checkpoints = new Checkpoints({
    store,
    signers,
    owner,
    clock,
    log,
    soleProcess,
    deliveriesOf,
    retiresOthers: soleProcess || audit.checkpointKeyFiles !== null,
  });
  return {
    checkpoints,
    begin() {
      signing = signCheckpoints(checkpoints, audit.checkpointSeconds, log);
    },
    beginRetention() {
      if (audit.archive === null) return;
      const { afterDays, directory } = audit.archive;
      const { eventsPerArchive: eventsPerFile, retentionRoundMilliseconds = retentionMilliseconds } = overrides;
      const archived = new ArchivedEvents({
        store,
        checkpoints,
        signers,
        clock,
        log,
        files: new ArchiveDirectory(directory),
        afterDays,
        ...(eventsPerFile !== undefined && { eventsPerFile }),
      });
      const begun = keepRetention(archived, log, retentionRoundMilliseconds);
      closings.push(() => begun.stop());
      retention = begun;
    },
    notes: () => retention?.notes() ?? [],
  };
}
