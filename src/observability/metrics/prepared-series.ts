import type { Metric, Registry } from 'prom-client';

/**
 * Counters and histograms whose series are looked up once, not at each observation. prom-client finds a series by text
 * that it makes of the labels, and a bucket by its bound as text: for the dozen observations of one issuance that took
 * 5 % of its processor time. Its registry writes the exposition format of these all the same.
 */
interface Options {
  readonly name: string;
  readonly help: string;
}

type Labels<Label extends string> = Readonly<Record<Label, string>>;

/** A line of the exposition format. */
interface Line {
  readonly metricName: string;
  readonly labels: Readonly<Record<string, string | number>>;
  readonly value: number;
}

class Prepared<Label extends string, Series> {
  readonly #series = new Map<string, { readonly labels: Labels<Label>; readonly series: Series }>();

  constructor(
    registry: Registry,
    told: Options & { readonly type: 'counter' | 'histogram' },
    private readonly begin: () => Series,
    lines: (labels: Labels<Label>, series: Series) => readonly Line[],
  ) {
    const values = () => [...this.#series.values()].flatMap(({ labels, series }) => lines(labels, series));
    const metric = { ...told, aggregator: 'sum', get: () => Promise.resolve({ ...told, values: values() }) };
    // The type asks for one of prom-client's own classes; the registry calls `get` and nothing else.
    registry.registerMetric(metric as unknown as Metric);
  }

  /** The series with these labels. It is told from now on: as zero, until something is observed. */
  series(labels: Labels<Label>): Series {
    const key = JSON.stringify(Object.entries(labels).sort());
    const known = this.#series.get(key);
    if (known !== undefined) return known.series;
    const series = this.begin();
    this.#series.set(key, { labels, series });
    return series;
  }
}

export class PreparedCounter<Label extends string = never> extends Prepared<Label, CounterSeries> {
  constructor(registry: Registry, { name, help }: Options) {
    super(
      registry,
      { name, help, type: 'counter' },
      () => new CounterSeries(),
      (labels, { value }) => [{ metricName: name, labels, value }],
    );
  }
}

export class CounterSeries {
  value = 0;

  inc(by = 1): void {
    this.value += by;
  }
}

export class PreparedHistogram<Label extends string = never> extends Prepared<Label, HistogramSeries> {
  /** `buckets`: their upper bounds in ascending order. One without a bound is added. */
  constructor(registry: Registry, { name, help, buckets }: Options & { readonly buckets: readonly number[] }) {
    super(
      registry,
      { name, help, type: 'histogram' },
      () => new HistogramSeries(buckets),
      (labels, { observations, sum }) => {
        let count = 0;
        const bucketLines = observations.map((inBucket, i) => {
          count += inBucket;
          return { metricName: `${name}_bucket`, labels: { ...labels, le: buckets[i] ?? '+Inf' }, value: count };
        });
        return [
          ...bucketLines,
          { metricName: `${name}_sum`, labels, value: sum },
          { metricName: `${name}_count`, labels, value: count },
        ];
      },
    );
  }
}

export class HistogramSeries {
  /** By bucket, not cumulated. */
  readonly observations: number[];
  sum = 0;

  constructor(private readonly bounds: readonly number[]) {
    this.observations = new Array<number>(bounds.length + 1).fill(0);
  }

  /** Observes the seconds since `began`, an instant of `performance.now()`. */
  observeSince(began: number): void {
    this.observe((performance.now() - began) / 1000);
  }

  observe(value: number): void {
    let bucket = 0;
    for (const bound of this.bounds) {
      if (value <= bound) break;
      bucket += 1;
    }
    this.observations[bucket] = (this.observations[bucket] ?? 0) + 1;
    this.sum += value;
  }
}
