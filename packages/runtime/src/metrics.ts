import { setTimeout as wait } from 'node:timers/promises';
import { type Metric, Registry } from 'prom-client';

type Labels = Readonly<Record<string, string>>;

/** One value of a metric family at the time of a scrape. */
export interface Sample {
  labels?: Labels;
  value: number;
}

/** One histogram as it is exposed to Prometheus. */
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

/** However often they are asked for, the parts are read once in this time. */
const keepMs = 1_000;
/** A family that takes longer to read is left out. */
const readMs = 4_000;

/**
 * Metrics are read from the parts when they are asked for, so the hot path only counts in plain
 * fields.
 */
export class Metrics {
  readonly #families: Family[] = [];
  readonly #monotonicMs: () => number;
  #kept: { atMs: number; values: Promise<FamilyValues[]>; texts: Texts } | undefined;

  constructor(monotonicMs: () => number = () => performance.now()) {
    this.#monotonicMs = monotonicMs;
  }

  register(family: Family): void {
    if (this.#families.some(({ name }) => name === family.name)) {
      throw new Error(`two metrics are named ${family.name}`);
    }
    this.#families.push(family);
  }

  get contentType(): string {
    return Registry.PROMETHEUS_CONTENT_TYPE;
  }

  /**
   * Prometheus text, at most a second old; who asks at once shares one reading. A family whose
   * reading fails is left out, never shown as zero. Without `tenants`, the label `tenant` is left
   * out and the values of all of them are added up.
   */
  text({ tenants = true }: { tenants?: boolean } = {}): Promise<string> {
    const kept = this.#read();
    const text = kept.texts.get(tenants) ?? textOf(kept.values, tenants);
    kept.texts.set(tenants, text);
    return text;
  }

  #read() {
    const nowMs = this.#monotonicMs();
    if (!this.#kept || nowMs - this.#kept.atMs >= keepMs) {
      const read = async (family: Family) => ({ family, values: await valuesOf(family) });
      const values = Promise.all(this.#families.map(read));
      this.#kept = { atMs: nowMs, values, texts: new Map() };
    }
    return this.#kept;
  }
}

/** Texts by whether they name tenants. */
type Texts = Map<boolean, Promise<string>>;

interface FamilyValues {
  family: Family;
  values: Value[];
}

async function textOf(read: Promise<FamilyValues[]>, tenants: boolean): Promise<string> {
  const registry = new Registry();
  for (const { family, values } of await read) {
    const { name, help, type } = family;
    const shown = tenants ? values : withoutTenants(values);
    // The registry asks each metric for its values by `get`; that is all it needs of one.
    const get = async () => ({ name, help, type, aggregator: 'sum', values: shown });
    const metric = { name, help, type, aggregator: 'sum', get };
    registry.registerMetric(metric as unknown as Metric);
  }
  return await registry.metrics();
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
    const samples = await inTime(family.read());
    return samples.map(({ labels, value }) => ({ labels: { ...labels }, value }));
  } catch {
    return [];
  }
}

async function inTime<T>(reading: T | Promise<T>): Promise<T> {
  const late = new AbortController();
  const tooLate = wait(readMs, undefined, { signal: late.signal, ref: false }).then(() => {
    throw new Error(`no value within ${readMs} ms`);
  });
  tooLate.catch(() => {});
  try {
    return await Promise.race([reading, tooLate]);
  } finally {
    late.abort();
  }
}

function withoutTenants(values: readonly Value[]): Value[] {
  const sums = new Map<string, Value>();
  for (const { labels, ...rest } of values) {
    const { tenant: _, ...others } = labels;
    const name = JSON.stringify([rest.metricName, others]);
    const sum = sums.get(name);
    if (sum) sum.value += rest.value;
    else sums.set(name, { ...rest, labels: others });
  }
  return [...sums.values()];
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
