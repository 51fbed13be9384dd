import { Counter, Registry } from 'prom-client';
import type { StoredClusterProbe } from '../../model/cluster-probe.js';
import type { MetricsText, RequestMeasures, StandingFaults, StoreMeasures, StoreQueue } from '../../model/measures.js';
import { callerMetrics, type CallerMetrics } from './caller-metrics.js';
import { clusterMetrics, type ClusterMetrics } from './cluster-metrics.js';
import { faultMetrics } from './fault-metrics.js';
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
  /** Null before the parts that know are open. */
  readonly faults: () => StandingFaults | null;
  /** How long one text is told. */
  readonly textMilliseconds: number;
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
  /**
   * The figures, as they were `textMilliseconds` ago or later. Readers at about the same time share one text, because the lags of the
   * event loop begin anew with each text.
   */
  text(): Promise<MetricsText>;
}

export function createMetrics(sources: MetricsSources): Metrics {
  const { clusters, clock, queue, probes, counts, faults, textMilliseconds } = sources;
  const registry = new Registry();
  const issuance = issuanceMetrics(registry, clusters);
  const rejections = new Counter({
    name: 'kubepass_policy_rejections_total',
    help: 'Changes of the policy files that did not validate: the policies in force stayed.',
    registers: [registry],
  });
  recordMetrics(registry, counts, () => issuance.policiesInForceSince(), clock);
  faultMetrics(registry, faults);
  addProcessMetrics(registry);
  let last: { readonly text: Promise<MetricsText>; until: number } | null = null;
  const gather = () => {
    const gathered = {
      // Nobody begins another one while it is under way.
      until: Infinity,
      text: registry
        .metrics()
        .then((text) => ({ contentType: registry.contentType, text }))
        .finally(() => {
          gathered.until = performance.now() + textMilliseconds;
        }),
    };
    // One that failed is not told again.
    gathered.text.catch(() => {
      gathered.until = 0;
    });
    return gathered;
  };
  return {
    requests: requestMetrics(registry),
    issuance,
    store: storeMetrics(registry, queue),
    clusters: clusterMetrics(registry, probes, clock),
    callers: callerMetrics(registry, clusters),
    policiesRejected() {
      rejections.inc();
    },
    text() {
      if (last === null || performance.now() >= last.until) last = gather();
      return last.text;
    },
  };
}
