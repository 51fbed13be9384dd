import { Counter, type Registry } from 'prom-client';
import type { AuditEventDraft } from '../../model/audit-event.js';
import { issuancePhases, type IssuanceMeasures, type StepMeasures } from '../../model/measures.js';
import { revocationReasons } from '@kubepass/x509';
import { PreparedCounter, PreparedHistogram } from './prepared-series.js';
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
  const decisions = new PreparedCounter<'cluster' | 'decider' | 'outcome'>(registry, {
    name: 'kubepass_decisions_total',
    help: 'Decisions on requests; pending: policy left the decision to a person.',
  });
  const issuances = new PreparedCounter<'cluster' | 'signer' | 'outcome'>(registry, {
    name: 'kubepass_issuances_total',
    help: 'Attempts at issuing a certificate that have ended; abandoned: the request is approved again.',
  });
  const phases = new PreparedHistogram<'phase' | 'signer'>(registry, {
    name: 'kubepass_issuance_phase_duration_seconds',
    help: 'Time that the parts of an issuance took; intent and outcome are its two commits.',
    buckets,
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

  const seriesOf = (cluster: string, signer: string) => ({
    byPolicy: recordOf(['permitted', 'denied', 'pending'], (outcome) =>
      decisions.series({ cluster, decider: 'policy', outcome }),
    ),
    byPerson: recordOf(['permitted', 'denied'], (outcome) => decisions.series({ cluster, decider: 'person', outcome })),
    ended: recordOf(outcomes, (outcome) => issuances.series({ cluster, signer, outcome })),
    phases: recordOf(issuancePhases, (phase) => phases.series({ phase, signer })),
  });
  const byCluster = new Map(clusters.map(({ name, signer }) => [name, seriesOf(name, signer)]));
  /** A cluster that is no longer configured may still be in records. */
  const knownCluster = (cluster: string | null) => (cluster !== null && byCluster.has(cluster) ? cluster : 'other');
  const of = (cluster: string | null) =>
    (cluster === null ? undefined : byCluster.get(cluster)) ?? seriesOf('other', 'other');
  for (const cluster of byCluster.keys())
    for (const reason of revocationReasons) revocations.inc({ cluster, reason }, 0);
  for (const reason of ['busy', 'unavailable']) failures.inc({ reason }, 0);
  let policiesSince: Date | null = null;

  const count = (event: AuditEventDraft, all: readonly AuditEventDraft[], seconds: number) => {
    switch (event.type) {
      case 'CertificateRequested':
        if (!all.some(({ type }) => type === 'RequestApproved' || type === 'RequestDenied'))
          of(event.cluster).byPolicy.pending.inc();
        return;
      case 'RequestApproved': {
        const { byPolicy, byPerson } = of(event.cluster);
        (event.details.approval === 'auto' ? byPolicy : byPerson).permitted.inc();
        return;
      }
      case 'RequestDenied': {
        const { byPolicy, byPerson } = of(event.cluster);
        ('reason' in event.details ? byPolicy : byPerson).denied.inc();
        return;
      }
      case 'IssuanceStarted':
        of(event.cluster).phases.intent.observe(seconds);
        return;
      case 'CertificateIssued': {
        const { phases, ended } = of(event.cluster);
        phases.outcome.observe(seconds);
        ended.issued.inc();
        return;
      }
      case 'IssuanceFailed':
        of(event.cluster).ended.failed.inc();
        return;
      case 'IssuanceAbandoned':
        of(event.cluster).ended.abandoned.inc();
        return;
      case 'CertificateRevoked':
        revocations.inc({ cluster: knownCluster(event.cluster), reason: event.details.reason });
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
        of(cluster).phases[phase].observe(secondsSince(began));
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

const recordOf = <Key extends string, Value>(keys: readonly Key[], make: (key: Key) => Value) =>
  Object.fromEntries(keys.map((key) => [key, make(key)])) as Record<Key, Value>;
