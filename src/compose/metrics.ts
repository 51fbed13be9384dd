import type { Config } from '../config/config.js';
import { whyNotPermitted } from '../identity/permissions.js';
import type { ClusterProbes } from '../context/under-way.js';
import { StoreBusyError, StoreUnavailableError } from '../model/errors.js';
import type { StandingFaults, StepMeasures } from '../model/measures.js';
import { done } from '../model/outcome.js';
import type { Principal } from '../model/principal.js';
import type { CallerMetrics } from '../observability/metrics/caller-metrics.js';
import { createMetrics, type Metrics } from '../observability/metrics/metrics.js';
import { secondsSince } from '../observability/metrics/seconds-since.js';
import type { EnforcementService } from '../access/enforcement-service.js';
import type { CommitFollower } from '../store/writer/followed-writer.js';
import type { Store } from '../store/store.js';
import { FigureCounting } from '../observability/metrics/count-figures.js';

export interface OpenedMetrics extends Metrics {
  readonly counting: FigureCounting;
  /** The parts that are asked at each scrape, once they are open. */
  follow(parts: { readonly store: Pick<Store, 'queue'>; readonly probes: Pick<ClusterProbes, 'last'> }): void;
  /** The same for faults. */
  followFaults(faults: StandingFaults): void;
}

/** Opens the metrics before the parts that are measured. */
export function openMetrics(
  { clusters }: Pick<Config, 'clusters'>,
  clock: () => Date,
  textMilliseconds = 1000,
): OpenedMetrics {
  const counting = new FigureCounting();
  let parts: Parameters<OpenedMetrics['follow']>[0] | null = null;
  let faults: StandingFaults | null = null;
  const metrics = createMetrics({
    clusters: clusters.map(({ name, signer }) => ({ name, signer: signer.kind })),
    clock,
    queue: () => parts?.store.queue() ?? null,
    probes: () => clusters.flatMap(({ name }) => parts?.probes.last(name) ?? []),
    counts: counting,
    faults: () => faults,
    textMilliseconds,
  });
  return {
    ...metrics,
    counting,
    follow(opened) {
      parts = opened;
    },
    followFaults(opened) {
      faults = opened;
    },
  };
}

/** Tells of each step that is committed, and of each that is not because the store cannot. */
export const measuredSteps = (measures: StepMeasures): CommitFollower => ({
  minds: null,
  waits: false,
  after({ step, result, error, seconds }) {
    if (result?.committed === true) measures.recorded(step.events, seconds);
    else if (error instanceof StoreBusyError) measures.failed('busy');
    else if (error instanceof StoreUnavailableError) measures.failed('unavailable');
  },
});

/** Measures the access reviews. */
export const measuredReviews = (service: EnforcementService, measures: CallerMetrics): EnforcementService => ({
  ...service,
  review(principal, name, extra) {
    const began = performance.now();
    const outcome = service.review(principal, name, extra);
    if (outcome.ok) measures.reviewed(name, outcome.value.denied ? 'denied' : 'no-opinion', secondsSince(began));
    return outcome;
  },
});

export const metricsService = ({ text }: Pick<Metrics, 'text'>) => ({
  read: async (principal: Principal) => whyNotPermitted(principal, 'read-metrics') ?? done(await text()),
});
