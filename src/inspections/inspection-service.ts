import { mayReadCertificate } from '../identity/permissions.js';
import { BudgetSpentError } from '../model/budget.js';
import {
  type InspectionAccount,
  type InspectionContext,
  type InspectionFormat,
  inspectSingleObject,
  type InventoryEntry,
  type KnownCluster,
  measured,
  type Thresholds,
  type Upload,
  UploadRefusedError,
} from '@kubepass/inspect';
import { describeCertificateAuthority } from '../kubernetes/certificate-authorities.js';
import type { Cluster } from '../model/cluster.js';
import { done, refused, type Outcome } from '../model/outcome.js';
import type { Principal } from '../model/principal.js';
import type { Budgets } from '../identity/spent-budgets.js';
import { InspectionBusyError } from '../model/errors.js';
import { describeFailure } from '../workers/thread.js';
import { TooManyWaitingError } from '@kubepass/x509';
import { InspectionFailedError, type InspectionPool } from './inspection-pool.js';
import type { InventoryReader } from './inventory.js';

/** The dependencies of inspections. */
interface InspectionWiring {
  readonly clock: () => Date;
  readonly thresholds: Thresholds;
  readonly inventory: InventoryReader;
  readonly known: Pick<KnownClusters, 'all'>;
  /** Inspects beside the event loop what may take long. */
  readonly pool: Pick<InspectionPool, 'inspect'>;
  /** Counts the processor time, here and in the workers. */
  readonly budgets: Pick<Budgets, 'begin' | 'spend'>;
}

export type InspectionService = ReturnType<typeof inspectionService>;

/** Inspects uploads. From the inventory, callers learn only what they may read. */
export function inspectionService({ clock, thresholds, inventory, known, pool, budgets }: InspectionWiring) {
  return {
    /**
     * Describes the upload, its content and its problems in the given media type, and keeps nothing of it. Throws
     * `InspectionBusyError` where too many uploads wait.
     */
    async inspect(principal: Principal, upload: Upload, format: InspectionFormat): Promise<Outcome<string>> {
      const context: InspectionContext = {
        now: clock(),
        clusters: known.all(),
        thresholds,
        inventory: (fingerprints) => readable(inventory, principal, fingerprints),
      };
      try {
        const account = accountOf(principal, budgets);
        const quick = await withoutMessages(() =>
          measured(account, () => inspectSingleObject(upload, context, format, account)),
        );
        return done(quick ?? (await pool.inspect(upload, context, format, account)));
      } catch (error) {
        if (error instanceof UploadRefusedError)
          return refused({ kind: 'unacceptable-upload', reason: error.reason, message: error.message });
        throw error;
      }
    },
  };
}

function accountOf(principal: Principal, budgets: InspectionWiring['budgets']): InspectionAccount {
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

const believedMilliseconds = 5 * 60 * 1000;

const dersOf = (pemBundle: string): readonly Uint8Array[] =>
  describeCertificateAuthority(pemBundle).certificates.map(({ der }) => der);

interface InspectedCluster {
  readonly cluster: Pick<Cluster, 'name' | 'server' | 'servingCertificateAuthority'>;
  /** The CAs that user certificates of this cluster chain to; null where they are unknown. */
  clientTrust(): Promise<{ readonly pem: string } | null>;
}

/** Our clusters as inspections know them. Clusters are asked in the background, so that no inspection waits. */
export class KnownClusters {
  #known: readonly KnownCluster[];
  #askedAt = -Infinity;

  constructor(
    private readonly clusters: readonly InspectedCluster[],
    private readonly clock: () => Date,
  ) {
    this.#known = clusters.map(({ cluster: { name, server, servingCertificateAuthority } }) => ({
      name,
      server,
      servingAuthorities: dersOf(servingCertificateAuthority),
      clientAuthorities: null,
    }));
  }

  /** As they are known now. Where that is no longer fresh, the clusters are asked again for later callers. */
  all(): readonly KnownCluster[] {
    const now = this.clock().getTime();
    if (now - this.#askedAt > believedMilliseconds || now < this.#askedAt) void this.ask();
    return this.#known;
  }

  /** Asks the clusters which CA user certificates chain to. Never rejects. */
  async ask(): Promise<void> {
    this.#askedAt = this.clock().getTime();
    await Promise.all(
      this.clusters.map(async (cluster) => {
        const trust = await cluster.clientTrust().catch(() => null);
        if (trust === null) return;
        const clientAuthorities = dersOf(trust.pem);
        this.#known = this.#known.map((known) =>
          known.name === cluster.cluster.name ? { ...known, clientAuthorities } : known,
        );
      }),
    );
  }
}
