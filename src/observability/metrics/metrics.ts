import { collectDefaultMetrics, Counter, Gauge, Registry } from 'prom-client';
import type { StoredClusterProbe } from '../../model/cluster.js';
import {
  type MetricsText,
  refusedFileKinds,
  type RequestMeasures,
  type StandingFaults,
  type StoreMeasures,
  type StoreQueue,
} from '../../model/measures.js';
import { callerMetrics, type CallerMetrics } from './caller-metrics.js';
import { clusterMetrics, type ClusterMetrics } from './cluster-metrics.js';
import { issuanceMetrics, type IssuanceMetrics, type MeasuredCluster } from './issuance-metrics.js';
import { type LastCounts, recordMetrics } from './record-metrics.js';
import { type CounterSeries, type HistogramSeries, PreparedCounter, PreparedHistogram } from './prepared-series.js';

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

/**
 * The metrics of the process that are worth a series. `nodejs_active_handles_total`, `nodejs_active_requests_total` and
 * `nodejs_active_resources_total` are left out because they are gauges with the name of a counter, which promtool refuses.
 */
const chosen = [
  // The first of each group fills in the others when it is gathered.
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

/** Adds these to the registry. They are gathered once a process, because each gathering keeps a timer for good. */
function addProcessMetrics(registry: Registry): void {
  if (gathered === null) {
    gathered = new Registry();
    // A coarser resolution would hide short stalls, and a finer one wakes the process more often.
    collectDefaultMetrics({ register: gathered, eventLoopMonitoringPrecision: 20 });
  }
  for (const name of chosen) {
    const metric = gathered.getSingleMetric(name);
    if (metric !== undefined) registry.registerMetric(metric);
  }
}

let gathered: Registry | null = null;

/** The ordered writer. `queue` is asked at each scrape; null before the store is open. */
function storeMetrics(registry: Registry, queue: () => StoreQueue | null): StoreMeasures {
  const registers = [registry];
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
  new Gauge({
    name: 'kubepass_store_queue_steps',
    help: 'Steps that wait for a commit.',
    registers,
    collect() {
      this.set(queue()?.waiting ?? 0);
    },
  });
  new Gauge({
    name: 'kubepass_store_queue_limit_steps',
    help: 'Steps that may wait; the next one is refused.',
    registers,
    collect() {
      this.set(queue()?.limit ?? 0);
    },
  });
  return {
    committed(steps, seconds) {
      batches.observe(steps);
      commits.observe(seconds);
    },
    wrote(seconds) {
      busy.inc(seconds);
    },
  };
}

/** Faults that go on until somebody mends their cause. `faults` is null until the parts that know of them are open. */
function faultMetrics(registry: Registry, faults: () => StandingFaults | null): void {
  const registers = [registry];
  new Gauge({
    name: 'kubepass_files_refused',
    help: 'Whether files cannot be used as they are now, so that their older content is in force.',
    labelNames: ['kind'] as const,
    registers,
    collect() {
      this.reset();
      const found = faults();
      if (found !== null)
        for (const kind of refusedFileKinds) this.set({ kind }, Number(found.areFilesRefused[kind]()));
    },
  });
  new Gauge({
    name: 'kubepass_audit_retention_failing',
    help: 'Whether the last attempt at archiving old audit events failed.',
    // Otherwise it would show 0 before anybody knows.
    labelNames: [],
    registers,
    collect() {
      this.remove();
      const found = faults();
      if (found !== null) this.set(Number(found.isRetentionFailing()));
    },
  });
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
const buckets = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30];

/** The series of a route and a method. */
interface RouteSeries {
  readonly requests: ReadonlyMap<StatusLabel, CounterSeries>;
  readonly durations: HistogramSeries;
}

/**
 * Requests by route, method and status class. Every series is there from the start, with zero: no call adds one, whatever
 * its path, and the first failure of a route is a change that a query can see.
 */
function requestMetrics(registry: Registry): RequestMeasures {
  const requests = new PreparedCounter<'route' | 'method' | 'status'>(registry, {
    name: 'kubepass_http_requests_total',
    help: 'Requests that were answered, by the template of their route.',
  });
  const durations = new PreparedHistogram<'route' | 'method'>(registry, {
    name: 'kubepass_http_request_duration_seconds',
    help: 'Time from the arrival of a request to the end of its answer.',
    buckets,
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
