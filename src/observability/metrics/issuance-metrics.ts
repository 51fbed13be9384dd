import { Counter, Histogram, type Registry } from 'prom-client';
import type { AuditEventDraft } from '../../model/audit-event.js';
import { issuancePhases, type IssuanceMeasures, type IssuancePhase, type StepMeasures } from '../../model/measures.js';
import { revocationReasons } from '../../model/revocation.js';
import { secondsSince } from './seconds-since.js';

/** A configured cluster, and the kind of its signer. */
export interface MeasuredCluster {
  readonly name: string;
  readonly signer: string;
}

const outcomes = ['issued', 'failed', 'abandoned'] as const;

/** Seconds. A local CA takes under a millisecond, a cluster up to a minute. */
const buckets = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10, 60];

export interface IssuanceMetrics extends IssuanceMeasures, StepMeasures {
  /** When a policy set came into force; null: none has yet. */
  policiesInForceSince(): Date | null;
}

/**
 * Decisions, issuances and revocations, counted from the audit events of the steps that were committed: so the figures and
 * the audit log never disagree, and no use case has to count. Requests that kubepass made to probe a cluster are left out.
 */
export function issuanceMetrics(registry: Registry, clusters: readonly MeasuredCluster[]): IssuanceMetrics {
  const registers = [registry];
  const decisions = new Counter({
    name: 'kubepass_decisions_total',
    help: 'Decisions on requests; pending: policy left the decision to a person.',
    labelNames: ['cluster', 'decider', 'outcome'] as const,
    registers,
  });
  const issuances = new Counter({
    name: 'kubepass_issuances_total',
    help: 'Attempts at issuing a certificate that have ended; abandoned: the request is approved again.',
    labelNames: ['cluster', 'signer', 'outcome'] as const,
    registers,
  });
  const phases = new Histogram({
    name: 'kubepass_issuance_phase_duration_seconds',
    help: 'Time that the parts of an issuance took; intent and outcome are its two commits.',
    labelNames: ['phase', 'signer'] as const,
    buckets,
    registers,
  });
  const revocations = new Counter({
    name: 'kubepass_revocations_total',
    help: 'Certificates that were revoked, by the reason of RFC 5280 section 5.3.1.',
    labelNames: ['cluster', 'reason'] as const,
    registers,
  });
  const signIns = new Counter({
    name: 'kubepass_sign_ins_total',
    help: 'Sessions that people began with a browser.',
    registers,
  });
  const failures = new Counter({
    name: 'kubepass_store_failed_steps_total',
    help: 'Changes that were not committed; busy: the queue was full.',
    labelNames: ['reason'] as const,
    registers,
  });

  const signerOf = new Map(clusters.map(({ name, signer }) => [name, signer]));
  for (const { name: cluster, signer } of clusters) {
    for (const outcome of ['permitted', 'denied', 'pending']) decisions.inc({ cluster, decider: 'policy', outcome }, 0);
    for (const outcome of ['permitted', 'denied']) decisions.inc({ cluster, decider: 'person', outcome }, 0);
    for (const outcome of outcomes) issuances.inc({ cluster, signer, outcome }, 0);
    for (const reason of revocationReasons) revocations.inc({ cluster, reason }, 0);
  }
  for (const signer of new Set(signerOf.values())) for (const phase of issuancePhases) phases.zero({ phase, signer });
  for (const reason of ['busy', 'unavailable']) failures.inc({ reason }, 0);

  /** A cluster that is no longer configured may still be in records. */
  const clusterLabel = (cluster: string | null) => (cluster !== null && signerOf.has(cluster) ? cluster : 'other');
  const signerLabel = (cluster: string | null) => (cluster === null ? undefined : signerOf.get(cluster)) ?? 'other';
  const timed = (phase: IssuancePhase, cluster: string | null, seconds: number) => {
    phases.observe({ phase, signer: signerLabel(cluster) }, seconds);
  };
  const ended = (cluster: string | null, outcome: (typeof outcomes)[number]) => {
    issuances.inc({ cluster: clusterLabel(cluster), signer: signerLabel(cluster), outcome });
  };
  let policiesSince: Date | null = null;

  const count = (event: AuditEventDraft, all: readonly AuditEventDraft[], seconds: number) => {
    const cluster = clusterLabel(event.cluster);
    switch (event.type) {
      case 'CertificateRequested':
        if (!all.some(({ type }) => type === 'RequestApproved' || type === 'RequestDenied'))
          decisions.inc({ cluster, decider: 'policy', outcome: 'pending' });
        return;
      case 'RequestApproved':
        decisions.inc({
          cluster,
          decider: event.details.approval === 'auto' ? 'policy' : 'person',
          outcome: 'permitted',
        });
        return;
      case 'RequestDenied':
        decisions.inc({ cluster, decider: 'reason' in event.details ? 'policy' : 'person', outcome: 'denied' });
        return;
      case 'IssuanceStarted':
        timed('intent', event.cluster, seconds);
        return;
      case 'CertificateIssued':
        timed('outcome', event.cluster, seconds);
        ended(event.cluster, 'issued');
        return;
      case 'IssuanceFailed':
        ended(event.cluster, 'failed');
        return;
      case 'IssuanceAbandoned':
        ended(event.cluster, 'abandoned');
        return;
      case 'CertificateRevoked':
        revocations.inc({ cluster, reason: event.details.reason });
        return;
      case 'SignedIn':
        signIns.inc();
        return;
      case 'ServiceStarted':
      case 'PolicySetLoaded':
        policiesSince = event.at;
        return;
      default:
    }
  };

  return {
    async during(phase, cluster, work) {
      const began = performance.now();
      try {
        return await work();
      } finally {
        timed(phase, cluster, secondsSince(began));
      }
    },
    recorded(events, seconds) {
      for (const event of events) if (!isOfProbe(event)) count(event, events, seconds);
    },
    failed(reason) {
      failures.inc({ reason });
    },
    policiesInForceSince: () => policiesSince,
  };
}

const isOfProbe = ({ details }: AuditEventDraft): boolean => 'probe' in details;
