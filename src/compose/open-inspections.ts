import type { Config } from '../config/config.js';
import { inspectionService } from '../inspections/inspection-service.js';
import { InspectionPool } from '../inspections/inspection-pool.js';
import type { IssuingCluster, Log } from '../context/context.js';
import type { Budgets } from '../identity/spent-budgets.js';
import type { InspectionService } from '../inspections/inspection-service.js';
import type { Store } from '../store/store.js';
import type { Closings } from './runtime.js';
import { KnownClusters } from '../inspections/known-clusters.js';

export interface InspectionParts {
  readonly store: Pick<Store, 'inventory'>;
  readonly clusters: readonly IssuingCluster[];
  readonly budgets: Budgets;
  readonly clock: () => Date;
  readonly log: Log;
}

export interface OpenedInspections {
  readonly inspections: InspectionService;
  /** The clusters as inspections know them. */
  readonly known: KnownClusters;
}

/** Opens inspections with the threads for uploads that may take long. */
export function openInspections(
  { inspection: thresholds }: Config,
  { store, clusters, budgets, clock, log }: InspectionParts,
  closings: Closings,
): OpenedInspections {
  const pool = new InspectionPool({
    report: (error) => {
      log.error({ err: error }, 'a worker that inspects uploads ended by itself');
    },
  });
  closings.push(() => pool.close());
  const known = new KnownClusters(clusters, clock);
  const { inventory } = store;
  return {
    inspections: inspectionService({ clock, thresholds, inventory, clusters: () => known.all(), pool, budgets }),
    known,
  };
}
