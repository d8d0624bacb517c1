import { setTimeout as wait } from 'node:timers/promises';
import {
  type MetricObjectWithValues,
  type MetricValue,
  type PrometheusContentType,
  Registry,
} from '@prometheus-io/client';
import { collect } from './collected.ts';
import { defaultMetrics } from './default-metrics.ts';
import { metricsOf } from './family.ts';
import { type MetricSource, metricSource } from './metric-source.ts';

/** However often `/metrics` is requested, the parts are read once within this time. */
const keepMs = 1_000;
/** A part that takes longer to read is left out, so that the answer comes within a second. */
const readMs = 750;

type Scraped = MetricObjectWithValues<MetricValue<string>>;

/** Scrapes by source that lacked its families. */
type Unread = ReadonlyMap<string, number>;

const { counter } = metricsOf<Unread>();

/** The metrics of the collection of metrics itself. */
export const collectionMetrics = [
  counter({
    name: 'spillway_metrics_unread_total',
    help: 'Scrapes from which the metrics of a part of this process are missing, because the part could not be read in time.',
    labels: ['source'],
    read: (unread) => [...unread].map(([source, value]) => ({ labels: { source }, value })),
  }),
];

/**
 * Collects the metrics of this process for Prometheus. Parts are read at a scrape, so that what is
 * hot only counts in plain fields.
 */
export class MetricsRegistry {
  readonly #registry = new Registry<PrometheusContentType>();
  readonly #sources: MetricSource[] = [];
  readonly #unread = new Map<string, number>();
  readonly #monotonicMs: () => number;
  #kept: { atMs: number; metrics: Promise<Scraped[]>; texts: Texts } | undefined;

  constructor(monotonicMs: () => number = () => performance.now()) {
    this.#monotonicMs = monotonicMs;
    this.add(metricSource('collection', collectionMetrics, () => this.#unread));
  }

  /** Throws when one of its families has the name of another one. */
  add(source: MetricSource): void {
    for (const family of source.families) {
      if (this.#registry.getSingleMetric(family.name)) {
        throw new Error(`two metrics are named ${family.name}`);
      }
      collect(family, this.#registry);
    }
    this.#sources.push(source);
    this.#unread.set(source.name, 0);
  }

  get contentType(): string {
    return this.#registry.contentType;
  }

  /**
   * Prometheus text, at most a second old; those who ask at the same time share one reading. The
   * families of a part that cannot be read have no sample. Without `tenants`, the label `tenant` is
   * left out and the values of all of them are added up.
   */
  text({ tenants = true }: { tenants?: boolean } = {}): Promise<string> {
    const kept = this.#scrape();
    const text = kept.texts.get(tenants) ?? textOf(kept.metrics, tenants);
    kept.texts.set(tenants, text);
    return text;
  }

  #scrape() {
    const nowMs = this.#monotonicMs();
    if (!this.#kept || nowMs - this.#kept.atMs >= keepMs) {
      this.#kept = { atMs: nowMs, metrics: this.#read(), texts: new Map() };
    }
    return this.#kept;
  }

  async #read(): Promise<Scraped[]> {
    await Promise.all(this.#sources.map((source) => this.#refresh(source)));
    const registries = [this.#registry, defaultMetrics()];
    return (await Promise.all(registries.map((one) => one.getMetricsAsJSON()))).flat();
  }

  async #refresh(source: MetricSource): Promise<void> {
    const isRead = await inTime(source.refresh()).catch(() => false);
    if (isRead) return;
    this.#unread.set(source.name, (this.#unread.get(source.name) ?? 0) + 1);
  }
}

/** Texts by whether they name tenants. */
type Texts = Map<boolean, Promise<string>>;

/** False when it takes too long. */
async function inTime(reading: Promise<void>): Promise<boolean> {
  const done = new AbortController();
  const late = wait(readMs, false, { signal: done.signal, ref: false }).catch(() => false);
  try {
    return await Promise.race([reading.then(() => true), late]);
  } finally {
    done.abort();
  }
}

/** What has the same labels is added up: without tenants, the values of all tenants. */
async function textOf(scraped: Promise<Scraped[]>, tenants: boolean): Promise<string> {
  const metrics = (await scraped).map((metric) => ({
    ...metric,
    aggregator: 'sum',
    values: tenants ? metric.values : metric.values.map(withoutTenant),
  }));
  return await Registry.aggregate<PrometheusContentType>([metrics]).metrics();
}

function withoutTenant<Value extends MetricValue<string>>(value: Value): Value {
  // The client's own summaries have none in their sum and count.
  const { tenant: _, ...labels } = value.labels ?? {};
  return { ...value, labels };
}
