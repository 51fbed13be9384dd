import { Counter, Gauge, Registry } from 'prom-client';
import { version } from '@kubepass/inspect/command-line';
import { whyNotPermitted } from '../../callers/permissions.js';
import type { AuditEventDraft } from '../../model/audit-event.js';
import { StoreBusyError, StoreUnavailableError } from '../../model/errors.js';
import { keyFailures } from '../../model/issuer.js';
import {
  issuancePhases,
  type IssuanceMeasures,
  type IssuancePhase,
  type KeyMeasures,
  type MetricsText,
  type RequestMeasures,
  type StoreMeasures,
} from '../../model/measures.js';
import { done, type Outcome } from '../../model/outcome.js';
import type { Principal } from '../../model/principal.js';
import type { CommitFollower } from '../../store/writer/followed-writer.js';
import { revocationReasons } from '@kubepass/x509';
import { callerMetrics, clusterCalls } from './call-metrics.js';
import { FigureCounting } from './count-figures.js';
import { type CounterSeries, type HistogramSeries, PreparedCounter, PreparedHistogram } from './prepared-series.js';
import { addScrapedMetrics, type MetricsSources } from './scraped-metrics.js';

/** A configured cluster, the kind of its signer, and the issuers whose keys are used here. */
interface MeasuredCluster {
  readonly name: string;
  readonly signer: { readonly kind: string; readonly issuers?: readonly { readonly name: string }[] };
}

export type Metrics = ReturnType<typeof createMetrics>;

/**
 * Opens every figure of the service, before the parts that are measured. Each label has a value from a closed set or
 * from the configuration, and none from a caller. `textMilliseconds`: how long one text is told.
 */
export function createMetrics(
  { clusters, revision }: { readonly clusters: readonly MeasuredCluster[]; readonly revision: string },
  clock: () => Date,
  textMilliseconds = 1000,
) {
  const registry = new Registry();
  addBuild(registry, { version, revision });
  const names = clusters.map(({ name }) => name);
  const counting = new FigureCounting();
  const issuance = new IssuanceMetrics(registry, clusters);
  const rejections = new Counter({
    name: 'kubepass_policy_rejections_total',
    help: 'Changes of the policy files that did not validate: the policies in force stayed.',
    registers: [registry],
  });
  let sources: MetricsSources | null = null;
  addScrapedMetrics(registry, {
    clusters: names,
    clock,
    counts: counting,
    policiesSince: () => issuance.policiesSince,
    sources: () => sources,
  });
  const text = sharedText(registry, textMilliseconds);
  return {
    requests: requestMetrics(registry),
    issuance,
    /** Is told of each step that is committed, and of each that is not because the store cannot. */
    steps: issuance.steps,
    store: storeMetrics(registry),
    clusters: clusterCalls(registry),
    callers: callerMetrics(registry, names),
    keys: keyMetrics(
      registry,
      new Map(clusters.map(({ name, signer }) => [name, (signer.issuers ?? []).map((issuer) => issuer.name)])),
    ),
    /** Counts what is in the database, once it is begun. */
    counting,
    /** Changed policies did not validate, so those in force stayed. */
    policiesRejected: () => rejections.inc(),
    /** The parts that are asked at each scrape, once they are open. */
    follow(opened: MetricsSources): void {
      sources = opened;
    },
    /**
     * The figures, as they were `textMilliseconds` ago or later. Readers at about the same time share one text, because
     * the lags of the event loop begin anew with each text.
     */
    text,
    /** The same, for auditors and admins. */
    read: async (principal: Principal): Promise<Outcome<MetricsText>> =>
      whyNotPermitted(principal, 'read-metrics') ?? done(await text()),
  };
}

/** The text of the registry, made anew for whoever comes `milliseconds` after the last one was made. */
function sharedText(registry: Registry, milliseconds: number): () => Promise<MetricsText> {
  let last: { readonly text: Promise<MetricsText>; until: number } | null = null;
  const gather = () => {
    const gathered = {
      // Nobody begins another one while it is under way.
      until: Infinity,
      text: registry
        .metrics()
        .then((text) => ({ contentType: registry.contentType, text }))
        .finally(() => {
          gathered.until = performance.now() + milliseconds;
        }),
    };
    // One that failed is not told again.
    gathered.text.catch(() => {
      gathered.until = 0;
    });
    return gathered;
  };
  return () => {
    if (last === null || performance.now() >= last.until) last = gather();
    return last.text;
  };
}

/** The build that runs, so that a query can tell replicas of two versions apart. */
const addBuild = (registry: Registry, build: { readonly version: string; readonly revision: string }): void => {
  new Gauge({
    name: 'kubepass_build_info',
    help: 'Always 1; the version of kubepass, and the commit that its image was built from, or unknown.',
    labelNames: ['version', 'revision'] as const,
    registers: [registry],
  }).set(build, 1);
};

/** The ordered writer. */
function storeMetrics(registry: Registry): StoreMeasures {
  const batches = new PreparedHistogram(registry, {
    name: 'kubepass_store_batch_steps',
    help: 'Steps that shared one commit.',
    buckets: [1, 2, 5, 10, 20, 50, 100],
  }).series({});
  const commits = new PreparedHistogram(registry, {
    name: 'kubepass_store_commit_duration_seconds',
    help: 'Time that a commit took, seen from the event loop.',
    buckets: [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5],
  }).series({});
  const busy = new PreparedCounter(registry, {
    name: 'kubepass_store_writer_thread_busy_seconds_total',
    help: 'Time for which the thread that writes to SQLite was busy; it stays 0 on PostgreSQL.',
  }).series({});
  return {
    committed(steps, seconds) {
      batches.observe(steps);
      commits.observe(seconds);
    },
    wrote: (seconds) => busy.inc(seconds),
  };
}

/** The methods that have a label of their own. */
const methods: ReadonlySet<string> = new Set(['GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS']);

/** HEAD goes to the route of GET and counts with it; every other method is `other`. */
const methodLabel = (method: string): string => (method === 'HEAD' ? 'GET' : methods.has(method) ? method : 'other');

const statusLabels = ['1xx', '2xx', '3xx', '4xx', '5xx'] as const;
type StatusLabel = (typeof statusLabels)[number];
const statusLabel = (status: number): StatusLabel => statusLabels[Math.floor(status / 100) - 1] ?? '5xx';

/** The label for requests whose path and method no route has. */
const unmatched = 'unmatched';

/** Seconds. `Prefer: wait` holds an answer back for up to 30. */
const requestBuckets = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30];

/** The series of a route and a method. */
interface RouteSeries {
  readonly requests: ReadonlyMap<StatusLabel, CounterSeries>;
  readonly durations: HistogramSeries;
}

/**
 * Requests by route, method and status class. Every series is there from the start, with zero: no call adds one,
 * whatever its path, and the first failure of a route is a change that a query can see.
 */
function requestMetrics(registry: Registry): RequestMeasures {
  const requests = new PreparedCounter<'route' | 'method' | 'status'>(registry, {
    name: 'kubepass_http_requests_total',
    help: 'Requests that were answered, by the template of their route.',
  });
  const durations = new PreparedHistogram<'route' | 'method'>(registry, {
    name: 'kubepass_http_request_duration_seconds',
    help: 'Time from the arrival of a request to the end of its answer.',
    buckets: requestBuckets,
  });
  /** By route, then by method. */
  const known = new Map<string, Map<string, RouteSeries>>();
  const prepare = (route: string, method: string, statuses: readonly StatusLabel[]) => {
    const ofRoute = known.get(route) ?? new Map<string, RouteSeries>();
    known.set(route, ofRoute);
    if (ofRoute.has(method)) return;
    ofRoute.set(method, {
      requests: new Map(statuses.map((status) => [status, requests.series({ route, method, status })])),
      durations: durations.series({ route, method }),
    });
  };
  for (const method of [...methods, 'other']) prepare(unmatched, method, ['4xx', '5xx']);
  return {
    route(method, path) {
      prepare(path, methodLabel(method), ['2xx', '3xx', '4xx', '5xx']);
    },
    answered(method, path, status, seconds) {
      const series = known.get(path ?? unmatched)?.get(methodLabel(method));
      series?.requests.get(statusLabel(status))?.inc();
      series?.durations.observe(seconds);
    },
  };
}

/** The keys of CAs. `issuers`: the names of each cluster's. */
function keyMetrics(registry: Registry, issuers: ReadonlyMap<string, readonly string[]>): KeyMeasures {
  const durations = new PreparedHistogram<'cluster' | 'issuer'>(registry, {
    name: 'kubepass_key_signature_duration_seconds',
    help: 'Time that the key of a CA took for a signature.',
    buckets: [0.0001, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10],
  });
  const failures = new Counter({
    name: 'kubepass_key_failures_total',
    help: 'Signatures that the key of a CA did not make, or made wrongly, by the reason.',
    labelNames: ['cluster', 'issuer', 'reason'] as const,
    registers: [registry],
  });
  const taken = new Map<string, ReadonlyMap<string, HistogramSeries>>();
  for (const [cluster, names] of issuers) {
    taken.set(cluster, new Map(names.map((issuer) => [issuer, durations.series({ cluster, issuer })])));
    for (const issuer of names) for (const reason of keyFailures) failures.inc({ cluster, issuer, reason }, 0);
  }
  return {
    signed: (cluster, issuer, seconds) => taken.get(cluster)?.get(issuer)?.observe(seconds),
    failed: (cluster, issuer, reason) => {
      failures.inc({ cluster, issuer, reason });
    },
  };
}

const issuanceOutcomes = ['issued', 'failed', 'abandoned'] as const;

/** The verbs of Kubernetes that have a label of their own. */
const knownVerbs: ReadonlySet<string> = new Set(
  'get list watch create update patch delete deletecollection impersonate'.split(' '),
);

/** Seconds. A local CA takes under a millisecond, a cluster up to a minute. */
const phaseBuckets = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10, 60];

/** The series of a cluster. */
interface ClusterSeries {
  readonly byPolicy: Readonly<Record<'permitted' | 'denied' | 'pending', CounterSeries>>;
  readonly byPerson: Readonly<Record<'permitted' | 'denied', CounterSeries>>;
  readonly ended: Readonly<Record<(typeof issuanceOutcomes)[number], CounterSeries>>;
  readonly phases: Readonly<Record<IssuancePhase, HistogramSeries>>;
}

/**
 * Decisions, issuances and revocations, counted from the audit events of the steps that were committed: so the figures
 * and the audit log never disagree, and no use case has to count. Requests that kubepass made to probe a cluster are
 * left out.
 */
class IssuanceMetrics implements IssuanceMeasures {
  readonly #byCluster: ReadonlyMap<string, ClusterSeries>;
  /** The series of clusters that are no longer configured: they may still be in records. */
  readonly #other: () => ClusterSeries;
  readonly #revocations: Counter<'cluster' | 'reason'>;
  readonly #unknown: Counter<'cluster' | 'verb'>;
  readonly #signIns: Counter;
  readonly #failures: Counter<'reason'>;
  /** When a policy set came into force; null: none has yet. */
  policiesSince: Date | null = null;

  constructor(registry: Registry, clusters: readonly MeasuredCluster[]) {
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
      buckets: phaseBuckets,
    });
    this.#revocations = new Counter({
      name: 'kubepass_revocations_total',
      help: 'Certificates that were revoked, by the reason of RFC 5280 section 5.3.1.',
      labelNames: ['cluster', 'reason'],
      registers,
    });
    this.#unknown = new Counter({
      name: 'kubepass_unknown_certificates_total',
      help: 'Audit events of client certificates that kubepass did not issue and whose username is listed.',
      labelNames: ['cluster', 'verb'],
      registers,
    });
    this.#signIns = new Counter({
      name: 'kubepass_sign_ins_total',
      help: 'Sessions that people began with a browser.',
      registers,
    });
    this.#failures = new Counter({
      name: 'kubepass_store_failed_steps_total',
      help: 'Changes that were not committed; busy: the queue was full.',
      labelNames: ['reason'],
      registers,
    });
    const seriesOf = (cluster: string, signer: string): ClusterSeries => ({
      byPolicy: recordOf(['permitted', 'denied', 'pending'], (outcome) =>
        decisions.series({ cluster, decider: 'policy', outcome }),
      ),
      byPerson: recordOf(['permitted', 'denied'], (outcome) =>
        decisions.series({ cluster, decider: 'person', outcome }),
      ),
      ended: recordOf(issuanceOutcomes, (outcome) => issuances.series({ cluster, signer, outcome })),
      phases: recordOf(issuancePhases, (phase) => phases.series({ phase, signer })),
    });
    this.#byCluster = new Map(clusters.map(({ name, signer }) => [name, seriesOf(name, signer.kind)]));
    this.#other = () => seriesOf('other', 'other');
    for (const cluster of this.#byCluster.keys()) {
      for (const reason of revocationReasons) this.#revocations.inc({ cluster, reason }, 0);
      for (const verb of [...knownVerbs, 'other']) this.#unknown.inc({ cluster, verb }, 0);
    }
    for (const reason of ['busy', 'unavailable']) this.#failures.inc({ reason }, 0);
  }

  async during<T>(phase: IssuancePhase, cluster: string, work: () => Promise<T>): Promise<T> {
    const began = performance.now();
    try {
      return await work();
    } finally {
      this.#of(cluster).phases[phase].observeSince(began);
    }
  }

  readonly steps: CommitFollower = {
    minds: null,
    waits: false,
    after: ({ step: { events }, result, error, seconds }) => {
      if (result?.committed === true) {
        for (const event of events) if (!('probe' in event.details)) this.#count(event, events, seconds);
      } else if (error instanceof StoreBusyError) this.#failures.inc({ reason: 'busy' });
      else if (error instanceof StoreUnavailableError) this.#failures.inc({ reason: 'unavailable' });
    },
  };

  #count(event: AuditEventDraft, all: readonly AuditEventDraft[], seconds: number): void {
    const of = () => this.#of(event.cluster);
    switch (event.type) {
      case 'CertificateRequested':
        if (!all.some(({ type }) => type === 'RequestApproved' || type === 'RequestDenied'))
          of().byPolicy.pending.inc();
        break;
      case 'RequestApproved':
        (event.details.approval === 'auto' ? of().byPolicy : of().byPerson).permitted.inc();
        break;
      case 'RequestDenied':
        ('reason' in event.details ? of().byPolicy : of().byPerson).denied.inc();
        break;
      case 'IssuanceStarted':
        of().phases.intent.observe(seconds);
        break;
      case 'CertificateIssued':
        of().phases.outcome.observe(seconds);
        of().ended.issued.inc();
        break;
      case 'IssuanceFailed':
        of().ended.failed.inc();
        break;
      case 'IssuanceAbandoned':
        of().ended.abandoned.inc();
        break;
      case 'CertificateRevoked': {
        const known = event.cluster !== null && this.#byCluster.has(event.cluster) ? event.cluster : 'other';
        this.#revocations.inc({ cluster: known, reason: event.details.reason });
        break;
      }
      case 'UnknownCertificateSeen': {
        const { verb } = event.details;
        this.#unknown.inc({ cluster: event.cluster ?? 'other', verb: knownVerbs.has(verb) ? verb : 'other' });
        break;
      }
      case 'SignedIn':
        this.#signIns.inc();
        break;
      case 'ServiceStarted':
      case 'PolicySetLoaded':
        this.policiesSince = event.at;
        break;
      default:
    }
  }

  #of(cluster: string | null): ClusterSeries {
    return (cluster === null ? undefined : this.#byCluster.get(cluster)) ?? this.#other();
  }
}

const recordOf = <Key extends string, Value>(keys: readonly Key[], make: (key: Key) => Value) =>
  Object.fromEntries(keys.map((key) => [key, make(key)])) as Record<Key, Value>;
