import { type Metric, Registry } from 'prom-client';

type Labels = Readonly<Record<string, string>>;

/** One value of a metric family at the time of a scrape. */
export interface Sample {
  labels?: Labels;
  value: number;
}

export interface HistogramSample {
  labels?: Labels;
  /** Cumulative counts; the last `le` is Infinity. */
  buckets: readonly { le: number; count: number }[];
  sum: number;
  count: number;
}

interface Named {
  /** `spillway_<what>_<unit>[_total]`. */
  name: string;
  help: string;
}

/** Read at each scrape; labels must be bounded. */
export type Family = Named &
  (
    | { type: 'counter' | 'gauge'; read: () => readonly Sample[] | Promise<readonly Sample[]> }
    | { type: 'histogram'; read: () => readonly HistogramSample[] }
  );

/**
 * Metrics are read from the parts when somebody asks, so the hot path only counts in plain fields.
 */
export class Metrics {
  readonly #registry = new Registry();

  register(family: Family): void {
    const { name, help, type } = family;
    // The registry asks each metric for its values by `get`; that is all it needs of one.
    const metric = {
      name,
      help,
      type,
      aggregator: 'sum',
      get: async () => ({ name, help, type, aggregator: 'sum', values: await valuesOf(family) }),
    };
    this.#registry.registerMetric(metric as unknown as Metric);
  }

  get contentType(): string {
    return this.#registry.contentType;
  }

  /** Prometheus text. A family whose reading fails is left out, never shown as zero. */
  text(): Promise<string> {
    return this.#registry.metrics();
  }
}

interface Value {
  metricName?: string;
  labels: Record<string, string>;
  value: number;
}

async function valuesOf(family: Family): Promise<Value[]> {
  try {
    if (family.type === 'histogram') {
      return family.read().flatMap((sample) => histogramValues(family.name, sample));
    }
    const samples = await family.read();
    return samples.map(({ labels, value }) => ({ labels: { ...labels }, value }));
  } catch {
    return [];
  }
}

function histogramValues(name: string, sample: HistogramSample): Value[] {
  const labels = { ...sample.labels };
  const buckets = sample.buckets.map(({ le, count }) => ({
    metricName: `${name}_bucket`,
    labels: { ...labels, le: le === Number.POSITIVE_INFINITY ? '+Inf' : String(le) },
    value: count,
  }));
  return [
    ...buckets,
    { metricName: `${name}_sum`, labels, value: sample.sum },
    { metricName: `${name}_count`, labels, value: sample.count },
  ];
}
