import { Counter, Gauge, type Registry } from 'prom-client';
import { clusterCallEnds, type ClusterCallMeasure, type ReviewMeasures } from '../../model/measures.js';
import { PreparedHistogram } from './prepared-series.js';

/**
 * How many reasons get a label of their own. They are words of the code, about forty; this holds for later ones too.
 */
const mostReasons = 64;
const reasonGrammar = /^[A-Z][A-Za-z]{0,63}$/;

/** Refused credentials, and the access reviews of API servers. */
export function callerMetrics(registry: Registry, clusters: readonly string[]) {
  const registers = [registry];
  const refusals = new Counter({
    name: 'kubepass_authentication_failures_total',
    help: 'Credentials that were refused, and sign-ins that failed, by the reason.',
    labelNames: ['reason'] as const,
    registers,
  });
  const reviews = new Counter({
    name: 'kubepass_access_reviews_total',
    help: 'Access reviews that API servers asked for, by the answer.',
    labelNames: ['cluster', 'answer'] as const,
    registers,
  });
  const durations = new PreparedHistogram(registry, {
    name: 'kubepass_access_review_duration_seconds',
    help: 'Time that judging an access review took, without HTTP.',
    buckets: [0.00001, 0.0001, 0.001, 0.01, 0.1, 1],
  }).series({});
  // Both are there from the start, so that the first failure is a change that a query can see.
  const reasons = new Set(['other', 'ApiTokenNotLive']);
  for (const reason of reasons) refusals.inc({ reason }, 0);
  for (const cluster of clusters) for (const answer of ['denied', 'no-opinion']) reviews.inc({ cluster, answer }, 0);
  const measured: ReviewMeasures = {
    async during(cluster, judge) {
      const began = performance.now();
      const verdict = await judge();
      reviews.inc({ cluster, answer: verdict.denied ? 'denied' : 'no-opinion' });
      durations.observeSince(began);
      return verdict;
    },
  };
  return {
    reviews: measured,
    /** A credential was refused; `reason` as in `Authentication`. */
    refused(reason: string): void {
      const isLabel = reasons.has(reason) || (reasons.size < mostReasons && reasonGrammar.test(reason));
      const label = isLabel ? reason : 'other';
      reasons.add(label);
      refusals.inc({ reason: label });
    },
  };
}

/** Calls to the API servers of clusters. */
export function clusterCalls(registry: Registry) {
  const registers = [registry];
  const calls = new Counter({
    name: 'kubepass_cluster_requests_total',
    help: 'Calls to the API server of a cluster, by how they ended; failed: with a status from 500 on.',
    labelNames: ['cluster', 'end'] as const,
    registers,
  });
  const durations = new PreparedHistogram<'cluster'>(registry, {
    name: 'kubepass_cluster_request_duration_seconds',
    help: 'Time that calls to the API server of a cluster took; for a watch until it began.',
    buckets: [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10],
  });
  const reachable = new Gauge({
    name: 'kubepass_cluster_reachable',
    help: 'Whether the API server answered the last call; absent until there was one.',
    labelNames: ['cluster'] as const,
    registers,
  });
  return {
    /** Measures the calls to the API server of this cluster. */
    callsTo(cluster: string): ClusterCallMeasure {
      for (const end of clusterCallEnds) calls.inc({ cluster, end }, 0);
      const taken = durations.series({ cluster });
      return (end, seconds) => {
        calls.inc({ cluster, end });
        taken.observe(seconds);
        reachable.set({ cluster }, end === 'unreachable' ? 0 : 1);
      };
    },
  };
}
