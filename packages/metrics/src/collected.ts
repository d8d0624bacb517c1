import {
  Counter,
  Gauge,
  Histogram,
  type MetricObjectWithValues,
  type MetricValueWithName,
  type PrometheusContentType,
  type Registry,
} from '@prometheus-io/client';
import type { HistogramCounts, Sample } from './family.ts';
import type { BoundFamily } from './metric-source.ts';

/** Puts a family into the registry; at a scrape it has the samples that its source has then. */
export function collect(family: BoundFamily, registry: Registry<PrometheusContentType>): void {
  const { name, help, labels } = family;
  const described = { name, help, labelNames: [...labels], registers: [registry] };
  if (family.type === 'histogram') {
    new ReadHistogram(described, () => family.read());
  } else if (family.type === 'counter') {
    new Counter<string>({
      ...described,
      collect() {
        this.reset();
        this.remove({}); // One without labels would be 0 after a reset, known or not.
        for (const { labels: of, value } of family.read()) this.inc(of, value);
      },
    });
  } else {
    new Gauge<string>({
      ...described,
      collect() {
        this.reset();
        this.remove({});
        for (const { labels: of, value } of family.read()) this.set(of, value);
      },
    });
  }
}

interface Described {
  name: string;
  help: string;
  labelNames: string[];
  registers: Registry<PrometheusContentType>[];
}

/**
 * A histogram whose observations are counted elsewhere: one of the client's own costs fifteen times
 * as much on the path of each request.
 */
class ReadHistogram extends Histogram<string> {
  readonly #read: () => readonly Sample<string, HistogramCounts>[];

  constructor(described: Described, read: () => readonly Sample<string, HistogramCounts>[]) {
    super(described);
    this.#read = read;
  }

  override async get(): Promise<MetricObjectWithValues<MetricValueWithName<string>>> {
    const metric = await super.get();
    return { ...metric, values: this.#read().flatMap((sample) => valuesOf(metric.name, sample)) };
  }
}

function valuesOf(
  name: string,
  { labels, value: { buckets, sum, count } }: Sample<string, HistogramCounts>,
): MetricValueWithName<string>[] {
  const bucketValues = buckets.map(({ le, count: value }) => ({
    metricName: `${name}_bucket`,
    labels: { ...labels, le: le === Number.POSITIVE_INFINITY ? '+Inf' : String(le) },
    value,
  }));
  return [
    ...bucketValues,
    { metricName: `${name}_sum`, labels, value: sum },
    { metricName: `${name}_count`, labels, value: count },
  ];
}
