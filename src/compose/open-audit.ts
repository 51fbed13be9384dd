import { Checkpoints, signCheckpoints } from '../evidence/checkpoint-service.js';
import type { Store } from '../store/store.js';
import { openCheckpointKeys } from '../evidence/checkpoint-keys.js';
import { isSoleProcess } from '../backup/open-store.js';
import { openRetention, type RetentionToBegin } from './retention.js';
import type { Runtime } from './runtime.js';
import type { OpenedWebhooks } from './open-webhooks.js';

/** The evidence of the audit log: its checkpoints, and the archives of its old events. */
export interface OpenedAudit {
  readonly checkpoints: Checkpoints;
  readonly retention: RetentionToBegin;
  /** Begins to sign checkpoints. */
  begin(): void;
}

/**
 * Opens the checkpoints with the keys that sign them. It comes before all that records events once the service works, because
 * what is opened first is closed last: the last checkpoint is signed when everything has ended that records.
 */
export async function openAudit(
  { config, overrides, clock, owner, log, closings }: Runtime,
  store: Store,
  { deliveriesOf }: Pick<OpenedWebhooks, 'deliveriesOf'>,
): Promise<OpenedAudit> {
  let signing: { stop(): Promise<void> } | null = null;
  closings.push(() => signing?.stop());
  const signers = await openCheckpointKeys(config.audit.checkpointKeyFiles, config.dataDir, log);
  const soleProcess = isSoleProcess(config);
  const checkpoints = new Checkpoints({
    ...{ store, signers, owner, clock, log, soleProcess, deliveriesOf },
    retiresOthers: soleProcess || config.audit.checkpointKeyFiles !== null,
  });
  return {
    checkpoints,
    retention: openRetention(config, { store, checkpoints, signers, clock, log }, overrides),
    begin() {
      signing = signCheckpoints(checkpoints, config.audit.checkpointSeconds, log);
    },
  };
}
