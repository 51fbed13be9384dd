import { Gauge, type Registry } from 'prom-client';
import {
  endingWithinDays,
  openRequestStates,
  type CertificateCount,
  type CertificateFigures,
  type RecordFigures,
} from '../../model/record-figures.js';
import { webhookDeliveryStates } from '../../model/webhook-delivery.js';

/** Figures that were counted, with the instant at which that began and the time that it took. */
export interface Counted<Figures> {
  readonly at: Date;
  readonly seconds: number;
  readonly figures: Figures;
}

/** The last counts; null until the first one has ended. */
export interface LastCounts {
  certificates(): Counted<CertificateCount> | null;
  records(): Counted<RecordFigures> | null;
}

/**
 * Figures of what is in the database. They are counted at an interval and not at each scrape, so each scrape also says
 * how old they are. Every replica on one database tells the same figures.
 */
export function recordMetrics(
  registry: Registry,
  counts: LastCounts,
  policiesInForceSince: () => Date | null,
  clock: () => Date,
): void {
  const registers = [registry];
  const startedAt = clock();
  const secondsFrom = (instant: Date) => Math.max(0, (clock().getTime() - instant.getTime()) / 1000);
  const renewals = (use: (renewed: 'true' | 'false', figures: CertificateFigures) => void) => {
    const counted = counts.certificates();
    if (counted === null) return;
    use('false', counted.figures.notRenewed);
    use('true', counted.figures.renewed);
  };
  /** A gauge without labels; absent while there is no value. */
  const gauge = (name: string, help: string, value: () => number | null) => {
    new Gauge({
      name,
      help,
      registers,
      // Otherwise it would show 0.
      labelNames: [],
      collect() {
        this.remove();
        const found = value();
        if (found !== null) this.set(found);
      },
    });
  };
  const ofRecords = (use: (figures: RecordFigures) => number | null) => () => {
    const counted = counts.records();
    return counted === null ? null : use(counted.figures);
  };

  new Gauge({
    name: 'kubepass_certificates_live',
    help: 'Certificates that are unexpired and not revoked; renewed: a later one was issued in its place.',
    labelNames: ['renewed'] as const,
    registers,
    collect() {
      this.reset();
      renewals((renewed, { live }) => {
        this.set({ renewed }, live);
      });
    },
  });
  new Gauge({
    name: 'kubepass_certificates_ending',
    help: 'Live certificates that end within so many days, or are in the last tenth of their lifetime.',
    labelNames: ['within', 'renewed'] as const,
    registers,
    collect() {
      this.reset();
      renewals((renewed, { endingWithin, inLastTenth }) => {
        endingWithinDays.forEach((days, i) => {
          this.set({ within: `${String(days)}d`, renewed }, endingWithin[i] ?? 0);
        });
        this.set({ within: 'last-tenth', renewed }, inLastTenth);
      });
    },
  });
  new Gauge({
    name: 'kubepass_certificate_requests',
    help: 'Requests that wait for a person, for their collector, or for the end of an attempt. Counts stop at 100,000.',
    labelNames: ['state'] as const,
    registers,
    collect() {
      this.reset();
      const counted = counts.records();
      if (counted !== null) for (const state of openRequestStates) this.set({ state }, counted.figures.requests[state]);
    },
  });
  new Gauge({
    name: 'kubepass_webhook_deliveries',
    help: 'The outbox of webhooks by state; dead: given up. Counts stop at 100,000.',
    labelNames: ['state'] as const,
    registers,
    collect() {
      this.reset();
      const counted = counts.records();
      if (counted !== null)
        for (const state of webhookDeliveryStates) this.set({ state }, counted.figures.deliveries[state]);
    },
  });
  gauge(
    'kubepass_webhook_oldest_waiting_seconds',
    'Time since the delivery was made that waits longest; 0 where none waits.',
    ofRecords(({ oldestWaiting }) => (oldestWaiting === null ? 0 : secondsFrom(oldestWaiting))),
  );
  gauge(
    'kubepass_sessions_live',
    'Browsers that are signed in.',
    ofRecords(({ sessions }) => sessions),
  );
  gauge(
    'kubepass_audit_events',
    'Events in the audit chain.',
    ofRecords(({ auditEvents }) => auditEvents),
  );
  gauge(
    'kubepass_audit_checkpoint_events',
    'Events that the last checkpoint vouches for.',
    ofRecords(({ checkpoint }) => checkpoint?.size ?? 0),
  );
  gauge(
    'kubepass_audit_checkpoint_age_seconds',
    'Time since the last checkpoint was signed, or since the start where there is none. Without new events no checkpoint is signed.',
    ofRecords(({ checkpoint }) => secondsFrom(checkpoint?.signedAt ?? startedAt)),
  );
  gauge('kubepass_policy_set_age_seconds', 'Time since the policies in force were loaded.', () => {
    const since = policiesInForceSince();
    return since === null ? null : secondsFrom(since);
  });
  new Gauge({
    name: 'kubepass_count_age_seconds',
    help: 'Time since these figures were counted, or since the start where they never were.',
    labelNames: ['of'] as const,
    registers,
    collect() {
      this.reset();
      for (const of of ['certificates', 'records'] as const)
        this.set({ of }, secondsFrom(counts[of]()?.at ?? startedAt));
    },
  });
  new Gauge({
    name: 'kubepass_count_duration_seconds',
    help: 'Time that the last count of these figures took.',
    labelNames: ['of'] as const,
    registers,
    collect() {
      this.reset();
      for (const of of ['certificates', 'records'] as const) {
        const counted = counts[of]();
        if (counted !== null) this.set({ of }, counted.seconds);
      }
    },
  });
}
