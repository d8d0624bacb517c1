import { Counter, Gauge, Registry } from 'prom-client';

/** One value of a metric family at the time of a scrape. */
export interface Sample {
  labels?: Readonly<Record<string, string>>;
  value: number;
}

export interface Family {
  /** `spillway_<what>_<unit>[_total]`; `_total` makes it a counter. */
  name: string;
  help: string;
  labels?: readonly string[];
  /** Called at each scrape; bounded labels only. */
  read: () => readonly Sample[] | Promise<readonly Sample[]>;
}

/**
 * Metrics are read from the parts when somebody asks, so the hot path only counts in plain fields.
 */
export class Metrics {
  readonly #registry = new Registry();
  readonly #scrapes: (() => Promise<void>)[] = [];

  register(family: Family): void {
    const { name, help, labels = [] } = family;
    const common = { name, help, labelNames: [...labels], registers: [this.#registry] };
    const metric = name.endsWith('_total') ? new Counter(common) : new Gauge(common);
    this.#scrapes.push(async () => {
      metric.reset();
      for (const sample of await family.read()) {
        if (metric instanceof Counter) metric.inc(sample.labels ?? {}, sample.value);
        else metric.set(sample.labels ?? {}, sample.value);
      }
    });
  }

  get contentType(): string {
    return this.#registry.contentType;
  }

  /** Prometheus text. A family whose reading fails is left out, never shown as zero. */
  async text(): Promise<string> {
    await Promise.allSettled(this.#scrapes.map((scrape) => scrape()));
    return this.#registry.metrics();
  }
}
