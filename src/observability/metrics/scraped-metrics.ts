import { collectDefaultMetrics, Gauge, Registry } from 'prom-client';
import type { ClusterProbes } from '../../context/under-way.js';
import { missingPermissions, type ProbeAnswer } from '../../model/cluster.js';
import type { IssuerFigures } from '../../model/issuer.js';
import { refusedFileKinds, type StandingFaults, type StoreQueue } from '../../model/measures.js';
import {
  endingWithinDays,
  openRequestStates,
  type CertificateFigures,
  type RecordFigures,
} from '../../model/record-figures.js';
import { webhookDeliveryStates } from '../../model/webhook-delivery.js';
import type { FigureCounting } from './count-figures.js';

/** The parts of the service that are asked at each scrape. */
export interface MetricsSources {
  readonly queue: () => StoreQueue;
  readonly probes: Pick<ClusterProbes, 'last'>;
  readonly faults: StandingFaults;
  readonly issuers: () => readonly IssuerFigures[];
}

interface Scraped {
  /** The names of the configured clusters. */
  readonly clusters: readonly string[];
  readonly clock: () => Date;
  readonly counts: Pick<FigureCounting, 'certificates' | 'records'>;
  /** When the policy set in force came into force; null: none has yet. */
  readonly policiesSince: () => Date | null;
  /** Null until the service has opened the sources. */
  readonly sources: () => MetricsSources | null;
}

/** Adds the gauges whose values are asked for at each scrape. */
export function addScrapedMetrics(registry: Registry, scraped: Scraped): void {
  const { clock, policiesSince } = scraped;
  const startedAt = clock();
  const secondsFrom = (instant: Date) => Math.max(0, (clock().getTime() - instant.getTime()) / 1000);
  const gauges = gaugesOf(registry);
  addCertificates(gauges, scraped);
  addStates(gauges, scraped);
  addSingleFigures(gauges, scraped, startedAt, secondsFrom);
  gauges.figure('kubepass_policy_set_age_seconds', 'Time since the policies in force were loaded.', () => {
    const since = policiesSince();
    return since && secondsFrom(since);
  });
  addCounts(gauges, scraped, startedAt, secondsFrom);
  addFaults(gauges, scraped);
  addQueue(gauges, scraped);
  addProbes(gauges, scraped);
  addIssuers(gauges, scraped);
  addProcessMetrics(registry);
}

type SecondsFrom = (instant: Date) => number;
type Gauges = ReturnType<typeof gaugesOf>;

const gaugesOf = (registry: Registry) => ({
  /** A gauge with labels; the series that `tell` does not set are absent. */
  labelled<Label extends string>(
    name: string,
    help: string,
    labelNames: readonly Label[],
    tell: (set: (labels: Readonly<Record<Label, string>>, value: number) => void) => void,
  ): void {
    new Gauge<string>({
      name,
      help,
      labelNames,
      registers: [registry],
      collect() {
        this.reset();
        tell((labels, value) => this.set(labels, value));
      },
    });
  },

  /** A gauge without labels; absent while there is no value. */
  figure(name: string, help: string, value: () => number | null | undefined): void {
    new Gauge({
      name,
      help,
      registers: [registry],
      collect() {
        // prom-client sets a gauge without labels to 0. Without this line a gauge without a value would show 0.
        this.remove();
        const found = value() ?? null;
        if (found !== null) this.set(found);
      },
    });
  },
});

/** The certificates that are live, and those that end soon. */
function addCertificates(gauges: Gauges, { counts }: Scraped): void {
  const renewals = (use: (renewed: 'true' | 'false', figures: CertificateFigures) => void) => {
    const counted = counts.certificates();
    if (counted === null) return;
    use('false', counted.figures.notRenewed);
    use('true', counted.figures.renewed);
  };
  gauges.labelled(
    'kubepass_certificates_live',
    'Certificates that are unexpired and not revoked; renewed: a later one was issued in its place.',
    ['renewed'],
    (set) => renewals((renewed, { live }) => set({ renewed }, live)),
  );
  gauges.labelled(
    'kubepass_certificates_ending',
    'Live certificates that end within so many days, or are in the last tenth of their lifetime.',
    ['within', 'renewed'],
    (set) =>
      renewals((renewed, { endingWithin, inLastTenth }) => {
        endingWithinDays.forEach((days, i) => {
          set({ within: `${String(days)}d`, renewed }, endingWithin[i] ?? 0);
        });
        set({ within: 'last-tenth', renewed }, inLastTenth);
      }),
  );
}

/** The requests and deliveries in each state. */
function addStates(gauges: Gauges, { counts }: Scraped): void {
  const states = <State extends string>(
    name: string,
    help: string,
    all: readonly State[],
    countsOf: (figures: RecordFigures) => Readonly<Record<State, number>>,
  ) => {
    gauges.labelled(name, help, ['state'], (set) => {
      const counted = counts.records();
      if (counted !== null) for (const state of all) set({ state }, countsOf(counted.figures)[state]);
    });
  };
  states(
    'kubepass_certificate_requests',
    'Requests that wait for a person, for their collector, or for the end of an attempt. Counts stop at 100,000.',
    openRequestStates,
    ({ requests }) => requests,
  );
  states(
    'kubepass_webhook_deliveries',
    'The outbox of webhooks by state; dead: given up. Counts stop at 100,000.',
    webhookDeliveryStates,
    ({ deliveries }) => deliveries,
  );
}

/** The figures of the database that have no labels: webhooks, sessions and the audit log. */
function addSingleFigures(gauges: Gauges, { counts }: Scraped, startedAt: Date, secondsFrom: SecondsFrom): void {
  const figure = (name: string, help: string, use: (figures: RecordFigures) => number) => {
    gauges.figure(name, help, () => {
      const counted = counts.records();
      return counted && use(counted.figures);
    });
  };
  figure(
    'kubepass_webhook_oldest_waiting_seconds',
    'Time since the delivery was made that waits longest; 0 where none waits.',
    ({ oldestWaiting }) => (oldestWaiting === null ? 0 : secondsFrom(oldestWaiting)),
  );
  figure('kubepass_sessions_live', 'Browsers that are signed in.', ({ sessions }) => sessions);
  figure('kubepass_audit_events', 'Events in the audit chain.', ({ auditEvents }) => auditEvents);
  figure(
    'kubepass_audit_checkpoint_events',
    'Events that the last checkpoint vouches for.',
    ({ checkpoint }) => checkpoint?.size ?? 0,
  );
  figure(
    'kubepass_audit_checkpoint_age_seconds',
    'Time since the last checkpoint was signed, or since the start where there is none. Without new events no checkpoint is signed.',
    ({ checkpoint }) => secondsFrom(checkpoint?.signedAt ?? startedAt),
  );
}

const countedRecords = ['certificates', 'records'] as const;

/**
 * How old the figures of the database are, and how long it took to count them: they are counted at an interval and not
 * at each scrape. Every replica on one database tells the same figures.
 */
function addCounts(gauges: Gauges, { counts }: Scraped, startedAt: Date, secondsFrom: SecondsFrom): void {
  gauges.labelled(
    'kubepass_count_age_seconds',
    'Time since these figures were counted, or since the start where they never were.',
    ['of'],
    (set) => {
      for (const of of countedRecords) set({ of }, secondsFrom(counts[of]()?.at ?? startedAt));
    },
  );
  gauges.labelled(
    'kubepass_count_duration_seconds',
    'Time that the last count of these figures took.',
    ['of'],
    (set) => {
      for (const of of countedRecords) {
        const counted = counts[of]();
        if (counted !== null) set({ of }, counted.seconds);
      }
    },
  );
}

/** Faults that go on until somebody mends their cause. */
function addFaults(gauges: Gauges, { sources }: Scraped): void {
  gauges.labelled(
    'kubepass_files_refused',
    'Whether files cannot be used as they are now, so that their older content is in force.',
    ['kind'],
    (set) => {
      const faults = sources()?.faults;
      if (faults !== undefined)
        for (const kind of refusedFileKinds) set({ kind }, Number(faults.areFilesRefused(kind)));
    },
  );
  gauges.figure(
    'kubepass_audit_retention_failing',
    'Whether the last attempt at archiving old audit events failed.',
    () => {
      const faults = sources()?.faults;
      return faults && Number(faults.isRetentionFailing());
    },
  );
}

/** The steps that wait for the ordered writer, and the limit for them. */
function addQueue(gauges: Gauges, { sources }: Scraped): void {
  // Before the store is open, no step waits and no step may wait.
  const queue = () => sources()?.queue() ?? { waiting: 0, limit: 0 };
  gauges.figure('kubepass_store_queue_steps', 'Steps that wait for a commit.', () => queue().waiting);
  gauges.figure(
    'kubepass_store_queue_limit_steps',
    'Steps that may wait; the next one is refused.',
    () => queue().limit,
  );
}

const answers = ['yes', 'no', 'unknown'] as const satisfies readonly ProbeAnswer[];

/** The findings of the last probe of each cluster. */
function addProbes(gauges: Gauges, { clusters, clock, sources }: Scraped): void {
  const probes = () => clusters.flatMap((name) => sources()?.probes.last(name) ?? []);
  gauges.labelled(
    'kubepass_cluster_probe_answer',
    'The answers of the last probe: 1 for the answer that was found.',
    ['cluster', 'question', 'answer'],
    (set) => {
      for (const { cluster, result } of probes()) {
        const found = { reachable: answerOf(result.reachable), signs: result.signs, accepts: result.accepts };
        for (const [question, known] of Object.entries(found))
          for (const answer of answers) set({ cluster, question, answer }, known === answer ? 1 : 0);
      }
    },
  );
  gauges.labelled(
    'kubepass_cluster_probe_age_seconds',
    'Time since the last probe of a cluster.',
    ['cluster'],
    (set) => {
      const now = clock().getTime();
      for (const { cluster, probedAt } of probes()) set({ cluster }, (now - probedAt.getTime()) / 1000);
    },
  );
  gauges.labelled(
    'kubepass_cluster_missing_permissions',
    'Required permissions that the last probe found missing.',
    ['cluster'],
    (set) => {
      for (const { cluster, result } of probes()) set({ cluster }, missingPermissions(result).length);
    },
  );
}

const acceptance = { yes: 1, no: 0, unknown: -1 } as const satisfies Record<ProbeAnswer, number>;

/** The issuers of each cluster, as they were last looked at. */
function addIssuers(gauges: Gauges, { sources }: Scraped): void {
  type Named = Readonly<Record<'cluster' | 'issuer' | 'state', string>>;
  const all = () =>
    (sources()?.issuers() ?? []).map(({ cluster, name, state, ...figures }) => {
      const labels: Named = { cluster, issuer: name, state };
      return { labels, ...figures };
    });
  const labelNames = ['cluster', 'issuer', 'state'] as const;
  gauges.labelled(
    'kubepass_issuer_not_after_timestamp_seconds',
    'End of the chain of an issuer, in seconds since 1970.',
    labelNames,
    (set) => {
      for (const { labels, notAfter } of all()) if (notAfter !== null) set(labels, notAfter.getTime() / 1000);
    },
  );
  gauges.labelled(
    'kubepass_issuer_live_certificates',
    'Certificates of an issuer that are unexpired and not revoked.',
    labelNames,
    (set) => {
      for (const { labels, live } of all()) set(labels, live);
    },
  );
  gauges.labelled(
    'kubepass_issuer_accepted',
    'Whether an API server accepted the issuer at its last probe: 1 yes, 0 no, -1 not known; absent if it was never probed.',
    [...labelNames, 'address'],
    (set) => {
      for (const { labels, probe } of all())
        for (const { address, accepts } of probe?.addresses ?? []) set({ ...labels, address }, acceptance[accepts]);
    },
  );
  gauges.labelled(
    'kubepass_issuer_key_available',
    'Whether the key of an issuer could be used when it was last looked at.',
    labelNames,
    (set) => {
      for (const { labels, keyAvailable } of all()) if (keyAvailable !== null) set(labels, Number(keyAvailable));
    },
  );
}

const answerOf = (known: boolean | null): ProbeAnswer => (known === null ? 'unknown' : known ? 'yes' : 'no');

/**
 * The metrics of the process that are worth a series. `nodejs_active_handles_total`, `nodejs_active_requests_total` and
 * `nodejs_active_resources_total` are left out because they are gauges with the name of a counter, which promtool
 * refuses.
 */
const chosen = [
  // prom-client sets the values of a group (CPU, event loop lag, heap) when it collects the first metric of that group.
  // So the first one of each group must stay in this list.
  'process_cpu_user_seconds_total',
  'process_cpu_system_seconds_total',
  'process_cpu_seconds_total',
  'process_start_time_seconds',
  'process_resident_memory_bytes',
  'process_open_fds',
  'process_max_fds',
  'nodejs_eventloop_lag_seconds',
  'nodejs_eventloop_lag_p50_seconds',
  'nodejs_eventloop_lag_p99_seconds',
  'nodejs_eventloop_lag_max_seconds',
  'nodejs_heap_size_total_bytes',
  'nodejs_heap_size_used_bytes',
  'nodejs_external_memory_bytes',
  'nodejs_gc_duration_seconds',
  'nodejs_version_info',
] as const;

/**
 * Adds the chosen metrics to the registry. They are made once in a process, because each `collectDefaultMetrics` starts
 * a timer that never ends.
 */
function addProcessMetrics(registry: Registry): void {
  if (gathered === null) {
    gathered = new Registry();
    // In milliseconds: a coarser resolution would hide short stalls, and a finer one wakes the process more often.
    collectDefaultMetrics({ register: gathered, eventLoopMonitoringPrecision: 20 });
  }
  for (const name of chosen) {
    const metric = gathered.getSingleMetric(name);
    if (metric !== undefined) registry.registerMetric(metric);
  }
}

let gathered: Registry | null = null;
