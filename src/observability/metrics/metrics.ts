import { Counter, Registry } from 'prom-client';
import type { StoredClusterProbe } from '../../model/cluster-probe.js';
import type { MetricsText, RequestMeasures, StoreMeasures, StoreQueue } from '../../model/measures.js';
import { callerMetrics, type CallerMetrics } from './caller-metrics.js';
import { clusterMetrics, type ClusterMetrics } from './cluster-metrics.js';
import { issuanceMetrics, type IssuanceMetrics, type MeasuredCluster } from './issuance-metrics.js';
import { addProcessMetrics } from './process-metrics.js';
import { recordMetrics, type LastCounts } from './record-metrics.js';
import { requestMetrics } from './request-metrics.js';
import { storeMetrics } from './store-metrics.js';

/** The parts of the service that are asked at each scrape. */
export interface MetricsSources {
  readonly clusters: readonly MeasuredCluster[];
  readonly clock: () => Date;
  /** Null before the store is open. */
  readonly queue: () => StoreQueue | null;
  readonly probes: () => readonly StoredClusterProbe[];
  readonly counts: LastCounts;
}

/** Every figure of the service. Each label has a value from a closed set or from the configuration, and none from a caller. */
export interface Metrics {
  readonly requests: RequestMeasures;
  readonly issuance: IssuanceMetrics;
  readonly store: StoreMeasures;
  readonly clusters: ClusterMetrics;
  readonly callers: CallerMetrics;
  /** Changed policies did not validate, so those in force stayed. */
  policiesRejected(): void;
  /** The figures now. Scrapes at the same time share one text. */
  text(): Promise<MetricsText>;
}

export function createMetrics({ clusters, clock, queue, probes, counts }: MetricsSources): Metrics {
  const registry = new Registry();
  const issuance = issuanceMetrics(registry, clusters);
  const rejections = new Counter({
    name: 'kubepass_policy_rejections_total',
    help: 'Changes of the policy files that did not validate: the policies in force stayed.',
    registers: [registry],
  });
  recordMetrics(registry, counts, () => issuance.policiesInForceSince(), clock);
  addProcessMetrics(registry);
  let underWay: Promise<MetricsText> | null = null;
  return {
    requests: requestMetrics(registry),
    issuance,
    store: storeMetrics(registry, queue),
    clusters: clusterMetrics(registry, probes, clock),
    callers: callerMetrics(registry, clusters),
    policiesRejected() {
      rejections.inc();
    },
    text: () =>
      (underWay ??= registry
        .metrics()
        .then((text) => ({ contentType: registry.contentType, text }))
        .finally(() => {
          underWay = null;
        })),
  };
}
