import { mayReadCertificate } from '../callers/permissions.js';
import { BudgetSpentError } from '../model/budget.js';
import {
  type InspectionAccount,
  type InspectionContext,
  type InspectionFormat,
  inspectSingleObject,
  type InventoryEntry,
  measured,
  type Thresholds,
  type Upload,
  UploadRefusedError,
} from '@kubepass/inspect';
import { done, refused, type Outcome } from '../model/outcome.js';
import type { Principal } from '../model/principal.js';
import type { Budgets } from '../callers/spent-budgets.js';
import { InspectionBusyError } from '../model/errors.js';
import { describeFailure } from '../workers/thread.js';
import { TooManyWaitingError } from '@kubepass/x509';
import { InspectionFailedError, type InspectionPool } from './inspection-pool.js';
import type { InventoryReader } from '../model/certificate.js';
import type { KnownClusters } from './known-clusters.js';

/** The context of inspections. */
export interface InspectingContext {
  readonly clock: () => Date;
  readonly store: { readonly inventory: InventoryReader };
  /** Counts the processor time, here and in the workers. */
  readonly budgets: Pick<Budgets, 'begin' | 'spend'>;
  readonly inspecting: {
    readonly thresholds: Thresholds;
    readonly known: Pick<KnownClusters, 'all'>;
    /** Inspects beside the event loop what may take long. */
    readonly pool: Pick<InspectionPool, 'inspect'>;
  };
}

/**
 * Describes the upload, its content and its problems in the given media type, and keeps nothing of it. From the
 * inventory, callers learn only what they may read. Throws `InspectionBusyError` where too many uploads wait.
 */
export async function inspectUpload(
  { clock, store, budgets, inspecting }: InspectingContext,
  principal: Principal,
  upload: Upload,
  format: InspectionFormat,
): Promise<Outcome<string>> {
  const context: InspectionContext = {
    now: clock(),
    clusters: inspecting.known.all(),
    thresholds: inspecting.thresholds,
    inventory: (fingerprints) => readable(store.inventory, principal, fingerprints),
  };
  try {
    const account = accountOf(principal, budgets);
    const quick = await withoutMessages(() =>
      measured(account, () => inspectSingleObject(upload, context, format, account)),
    );
    return done(quick ?? (await inspecting.pool.inspect(upload, context, format, account)));
  } catch (error) {
    if (error instanceof UploadRefusedError)
      return refused({ kind: 'unacceptable-upload', reason: error.reason, message: error.message });
    throw error;
  }
}

function accountOf(principal: Principal, budgets: InspectingContext['budgets']): InspectionAccount {
  return {
    by: principal.name,
    // It may have been spent while this inspection waited.
    mustHaveSome() {
      const spent = budgets.begin(principal, 'inspecting');
      if (spent !== null) throw new BudgetSpentError(spent);
    },
    spend(seconds) {
      budgets.spend(principal, 'inspectionSeconds', seconds);
    },
  };
}

/** Errors are logged, and their messages could quote the upload, so they lose their messages here. */
async function withoutMessages(work: () => Promise<string> | null): Promise<string | null> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof TooManyWaitingError) throw new InspectionBusyError('too many RSA keys wait for their tests');
    if (error instanceof BudgetSpentError) throw error;
    throw error instanceof UploadRefusedError ? error : new InspectionFailedError(describeFailure(error));
  }
}

async function readable(
  inventory: InventoryReader,
  principal: Principal,
  fingerprints: readonly string[],
): Promise<ReadonlyMap<string, InventoryEntry>> {
  const records = await inventory.find(fingerprints);
  return new Map(
    records
      .filter((found) => mayReadCertificate(principal, found))
      .map(({ fingerprintSha256, requestId, state, cluster, requester, orphan, revocation }) => [
        fingerprintSha256,
        { requestId, state, cluster, requester, orphan, revocation },
      ]),
  );
}
