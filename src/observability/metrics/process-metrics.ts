import { collectDefaultMetrics, Registry } from 'prom-client';

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
export function addProcessMetrics(registry: Registry): void {
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
