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
  const startedAt = clock();
  const secondsFrom = (instant: Date) => Math.max(0, (clock().getTime() - instant.getTime()) / 1000);
  addCertificates([registry], counts);
  addStates([registry], counts);
  addSingleFigures([registry], counts, startedAt, secondsFrom);
  addGauge([registry], 'kubepass_policy_set_age_seconds', 'Time since the policies in force were loaded.', () => {
    const since = policiesInForceSince();
    return since === null ? null : secondsFrom(since);
  });
  addCounts([registry], counts, startedAt, secondsFrom);
}

type SecondsFrom = (instant: Date) => number;

/** A gauge without labels; absent while there is no value. */
function addGauge(registers: Registry[], name: string, help: string, value: () => number | null): void {
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
}

/** The certificates that are live, and those that end soon. */
function addCertificates(registers: Registry[], counts: LastCounts): void {
  const renewals = (use: (renewed: 'true' | 'false', figures: CertificateFigures) => void) => {
    const counted = counts.certificates();
    if (counted === null) return;
    use('false', counted.figures.notRenewed);
    use('true', counted.figures.renewed);
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
}

/** The requests and deliveries in each state. */
function addStates(registers: Registry[], counts: LastCounts): void {
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
}

function addSingleFigures(registers: Registry[], counts: LastCounts, startedAt: Date, secondsFrom: SecondsFrom): void {
  const gauge = (name: string, help: string, use: (figures: RecordFigures) => number | null) => {
    addGauge(registers, name, help, () => {
      const counted = counts.records();
      return counted === null ? null : use(counted.figures);
    });
  };
  gauge(
    'kubepass_webhook_oldest_waiting_seconds',
    'Time since the delivery was made that waits longest; 0 where none waits.',
    ({ oldestWaiting }) => (oldestWaiting === null ? 0 : secondsFrom(oldestWaiting)),
  );
  gauge('kubepass_sessions_live', 'Browsers that are signed in.', ({ sessions }) => sessions);
  gauge('kubepass_audit_events', 'Events in the audit chain.', ({ auditEvents }) => auditEvents);
  gauge(
    'kubepass_audit_checkpoint_events',
    'Events that the last checkpoint vouches for.',
    ({ checkpoint }) => checkpoint?.size ?? 0,
  );
  gauge(
    'kubepass_audit_checkpoint_age_seconds',
    'Time since the last checkpoint was signed, or since the start where there is none. Without new events no checkpoint is signed.',
    ({ checkpoint }) => secondsFrom(checkpoint?.signedAt ?? startedAt),
  );
}

/** How old the figures are, and how long it took to count them. */
function addCounts(registers: Registry[], counts: LastCounts, startedAt: Date, secondsFrom: SecondsFrom): void {
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
