import { Counter, type Registry } from 'prom-client';
import { PreparedHistogram } from './prepared-series.js';

/** How many reasons get a label of their own. They are words of the code, about forty; this holds for later ones too. */
const mostReasons = 64;
const reasonGrammar = /^[A-Z][A-Za-z]{0,63}$/;

export interface CallerMetrics {
  /** A credential was refused; `reason` as in `Authentication`. */
  refused(reason: string): void;
  reviewed(cluster: string, answer: 'denied' | 'no-opinion', seconds: number): void;
}

/** Refused credentials, and the access reviews of API servers. */
export function callerMetrics(registry: Registry, clusters: readonly { readonly name: string }[]): CallerMetrics {
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
  for (const { name: cluster } of clusters)
    for (const answer of ['denied', 'no-opinion']) reviews.inc({ cluster, answer }, 0);
  return {
    refused(reason) {
      const isLabel = reasons.has(reason) || (reasons.size < mostReasons && reasonGrammar.test(reason));
      const label = isLabel ? reason : 'other';
      reasons.add(label);
      refusals.inc({ reason: label });
    },
    reviewed(cluster, answer, seconds) {
      reviews.inc({ cluster, answer });
      durations.observe(seconds);
    },
  };
}
