import { mayReadCertificate } from '../identity/permissions.js';
import { done, refused } from '../model/outcome.js';
import type { InspectionFormat, InventoryEntry, Upload } from '../model/inspection.js';
import type { Principal } from '../model/principal.js';
import type { InspectionService } from '../services.js';
import { UploadRefusedError, type InspectionContext, type KnownCluster, type Thresholds } from './decoded.js';
import { inspectSingleObject } from './inspect.js';
import { describeFailure } from '../workers/failure.js';
import { InspectionFailedError } from './workers/inspection-pool.js';
import type { InventoryReader } from './inventory.js';

/** What inspections work with; wired once in compose. */
export interface InspectionWiring {
  readonly clock: () => Date;
  readonly thresholds: Thresholds;
  readonly inventory: InventoryReader;
  /** What is known of our clusters without asking them. */
  readonly clusters: () => readonly KnownCluster[];
  /** Inspects beside the event loop what may take its time. */
  readonly pool: {
    inspect(upload: Upload, context: InspectionContext, format: InspectionFormat): Promise<string>;
  };
}

/** Inspects uploads for whoever asks; of the inventory they learn what they may read. */
export function inspectionService({
  clock,
  thresholds,
  inventory,
  clusters,
  pool,
}: InspectionWiring): InspectionService {
  return {
    async inspect(principal, upload, format) {
      const context: InspectionContext = {
        now: clock(),
        clusters: clusters(),
        thresholds,
        inventory: (fingerprints) => readable(inventory, principal, fingerprints),
      };
      try {
        const quick = await quickly(() => inspectSingleObject(upload, context, format));
        return done(quick ?? (await pool.inspect(upload, context, format)));
      } catch (error) {
        if (error instanceof UploadRefusedError)
          return refused({ kind: 'unacceptable-upload', reason: error.reason, message: error.message });
        throw error;
      }
    },
  };
}

/** An error's message could quote the upload, and errors are logged. */
async function quickly(work: () => Promise<string> | null): Promise<string | null> {
  try {
    return await work();
  } catch (error) {
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
      .filter(({ requester, collector }) =>
        mayReadCertificate(principal, { requester: { name: requester }, collector }),
      )
      .map(({ fingerprintSha256, requestId, state, cluster, requester, orphan }) => [
        fingerprintSha256,
        { requestId, state, cluster, requester, orphan },
      ]),
  );
}
