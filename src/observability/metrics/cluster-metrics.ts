import { Counter, Gauge, type Registry } from 'prom-client';
import { clusterCallEnds, type ClusterCallMeasure } from '../../model/measures.js';
import { missingPermissions, type ProbeAnswer, type StoredClusterProbe } from '../../model/cluster.js';
import { PreparedHistogram } from './prepared-series.js';

const questions = ['reachable', 'signs', 'accepts'] as const;
const answers = ['yes', 'no', 'unknown'] as const satisfies readonly ProbeAnswer[];

export interface ClusterMetrics {
  /** Measures the calls to the API server of this cluster. */
  callsTo(cluster: string): ClusterCallMeasure;
}

/** Calls to clusters, and what their last probes found. `probes` is asked at each scrape. */
export function clusterMetrics(
  registry: Registry,
  probes: () => readonly StoredClusterProbe[],
  clock: () => Date,
): ClusterMetrics {
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
  new Gauge({
    name: 'kubepass_cluster_probe_answer',
    help: 'The answers of the last probe: 1 for the answer that was found.',
    labelNames: ['cluster', 'question', 'answer'] as const,
    registers,
    collect() {
      this.reset();
      for (const { cluster, result } of probes()) {
        const found = { reachable: answerOf(result.reachable), signs: result.signs, accepts: result.accepts };
        for (const question of questions)
          for (const answer of answers) this.set({ cluster, question, answer }, found[question] === answer ? 1 : 0);
      }
    },
  });
  new Gauge({
    name: 'kubepass_cluster_probe_age_seconds',
    help: 'Time since the last probe of a cluster.',
    labelNames: ['cluster'] as const,
    registers,
    collect() {
      this.reset();
      const now = clock().getTime();
      for (const { cluster, probedAt } of probes()) this.set({ cluster }, (now - probedAt.getTime()) / 1000);
    },
  });
  new Gauge({
    name: 'kubepass_cluster_missing_permissions',
    help: 'Required permissions that the last probe found missing.',
    labelNames: ['cluster'] as const,
    registers,
    collect() {
      this.reset();
      for (const { cluster, result } of probes()) this.set({ cluster }, missingPermissions(result).length);
    },
  });
  return {
    callsTo(cluster) {
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

const answerOf = (known: boolean | null): ProbeAnswer => (known === null ? 'unknown' : known ? 'yes' : 'no');
