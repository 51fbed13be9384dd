import type { Registry } from 'prom-client';
import type { RequestMeasures } from '../../model/measures.js';
import { PreparedCounter, PreparedHistogram, type CounterSeries, type HistogramSeries } from './prepared-series.js';

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
export function requestMetrics(registry: Registry): RequestMeasures {
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
