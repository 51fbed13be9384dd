import { Gauge, type Registry } from 'prom-client';
import type { StoreMeasures, StoreQueue } from '../../model/measures.js';
import { PreparedCounter, PreparedHistogram } from './prepared-series.js';

/** The ordered writer. `queue` is asked at each scrape; null before the store is open. */
export function storeMetrics(registry: Registry, queue: () => StoreQueue | null): StoreMeasures {
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
