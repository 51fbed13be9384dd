import { Counter, Histogram, type Registry } from 'prom-client';
import type { RequestMeasures } from '../../model/measures.js';

/** The methods that have a label of their own. */
const methods: ReadonlySet<string> = new Set(['GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS']);

/** HEAD goes to the route of GET and counts with it; every other method is `other`. */
const methodLabel = (method: string): string => (method === 'HEAD' ? 'GET' : methods.has(method) ? method : 'other');

const statusLabels = ['1xx', '2xx', '3xx', '4xx', '5xx'] as const;
const statusLabel = (status: number): string => statusLabels[Math.floor(status / 100) - 1] ?? '5xx';

/** The label for requests whose path and method no route has. */
const unmatched = 'unmatched';

/** Seconds. `Prefer: wait` holds an answer back for up to 30. */
const buckets = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30];

/**
 * Requests by route, method and status class. Every series is there from the start, with zero: no call adds one, whatever
 * its path, and the first failure of a route is a change that a query can see.
 */
export function requestMetrics(registry: Registry): RequestMeasures {
  const requests = new Counter({
    name: 'kubepass_http_requests_total',
    help: 'Requests that were answered, by the template of their route.',
    labelNames: ['route', 'method', 'status'] as const,
    registers: [registry],
  });
  const durations = new Histogram({
    name: 'kubepass_http_request_duration_seconds',
    help: 'Time from the arrival of a request to the end of its answer.',
    labelNames: ['route', 'method'] as const,
    buckets,
    registers: [registry],
  });
  const known = new Set<string>();
  const prepare = (route: string, method: string, statuses: readonly string[]) => {
    const key = `${method} ${route}`;
    if (known.has(key)) return;
    known.add(key);
    for (const status of statuses) requests.inc({ route, method, status }, 0);
    durations.zero({ route, method });
  };
  for (const method of [...methods, 'other']) prepare(unmatched, method, ['4xx', '5xx']);
  return {
    route(method, path) {
      prepare(path, methodLabel(method), ['2xx', '3xx', '4xx', '5xx']);
    },
    answered(method, path, status, seconds) {
      const route = path ?? unmatched;
      const label = methodLabel(method);
      requests.inc({ route, method: label, status: statusLabel(status) });
      durations.observe({ route, method: label }, seconds);
    },
  };
}
